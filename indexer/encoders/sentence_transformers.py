"""Any sentence-transformers model, by name or folder, run as it was saved. Nothing is downloaded."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from indexer.encoders import Role
from indexer.errors import EncoderUnavailable
from indexer.vectors import FloatMatrix, unit_rows

# The names under which models save the prompt of each role; sentence-transformers itself says "document".
_PROMPTS: dict[Role, tuple[str, ...]] = {"query": ("query",), "passage": ("passage", "document")}


class SentenceTransformersEncoder:
    """A sentence-transformers model behind the `Encoder` protocol.

    Prefixes are the model's own prompts, none if it has none. The fingerprint covers weights, modules,
    pooling, window and prompts.
    """

    def __init__(self, name: str, *, device: str) -> None:
        """Load `name`, a folder or a model in the local hub cache. Raises EncoderUnavailable."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EncoderUnavailable(
                f"encoder {name!r} needs sentence-transformers; run `pip install 'shortlist[sentence-transformers]'`"
            ) from error
        try:
            with _without_progress():
                self._model = SentenceTransformer(name, device=device, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().split("\n")[0]
            raise EncoderUnavailable(
                f"encoder {name!r} is neither a model folder nor in the local hub cache ({reason}); "
                f"download it with `hf download {name}`, or give its folder"
            ) from error
        self.name = name
        self._prompts = {role: self._prompt(names) for role, names in _PROMPTS.items()}
        limit = self._model.max_seq_length
        self._limit = int(limit) if limit is not None and limit < 1_000_000 else None  # "none" is written as 1e30 too
        self.dim: int = self._model.encode([""], show_progress_bar=False).shape[1]
        self.fingerprint = self._fingerprint()

    def _prompt(self, names: tuple[str, ...]) -> str:
        found = (self._model.prompts.get(name) for name in names)
        return next((prompt for prompt in found if prompt), "")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        modules = [type(module).__name__ for module in self._model]
        modules += [str(getattr(module, "pooling_mode", "")) for module in self._model]
        digest.update(json.dumps([modules, self._limit, self._prompts], sort_keys=True).encode())
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode() + value.detach().float().cpu().numpy().tobytes())
        return f"sentence-transformers/{digest.hexdigest()[:16]}"

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        """Return float32 `[len(texts), dim]`, L2-normalised. Pieces of one long text are averaged by length."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        prompt = self._prompts[role]
        clean = (text.encode("utf-8", "replace").decode() for text in texts)  # lone surrogates have no UTF-8 form
        pieces = [self._pieces(text, prompt) for text in clean]
        flat = [prompt + piece for text in pieces for piece in text]
        vectors = self._model.encode(flat, prompt="", show_progress_bar=False, convert_to_numpy=True)
        weights = np.array([max(len(piece), 1) for text in pieces for piece in text], dtype=np.float32)
        starts = np.cumsum([0, *(len(text) for text in pieces[:-1])])
        return unit_rows(np.add.reduceat(vectors.astype(np.float32) * weights[:, None], starts))

    def _pieces(self, text: str, prompt: str) -> list[str]:
        """Halve `text` at the blank nearest its middle until each piece fits the model's window."""
        if self._limit is None or len(text) < 2 or self._tokens(prompt + text) <= self._limit:
            return [text]
        middle = len(text) // 2
        after, before = text.find(" ", middle, -1), text.rfind(" ", 1, middle)
        cut = min((at for at in (after, before) if at > 0), key=lambda at: abs(at - middle), default=middle)
        return self._pieces(text[:cut], prompt) + self._pieces(text[cut:], prompt)

    def _tokens(self, text: str) -> int:
        tokenizer: Any = self._model.tokenizer
        return len(tokenizer(text, truncation=False, verbose=False)["input_ids"])


@contextmanager
def _without_progress() -> Iterator[None]:
    """Keep transformers from writing its bar to standard error: what is shown is the command line's affair."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
