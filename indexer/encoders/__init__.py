"""Text to vectors. The protocol, and the one function that opens an encoder by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from indexer.vectors import FloatMatrix

Role = Literal["query", "passage"]


class Encoder(Protocol):
    """Anything that turns texts into unit vectors.

    `fingerprint` names weights and pooling: two encoders with the same fingerprint give the same vectors
    (to rounding), and an index refuses an encoder whose fingerprint is not the one it was written with.
    """

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        """Return float32 `[len(texts), dim]`, L2-normalised. A text longer than the model's window is split
        into windows whose pooled vectors are averaged by length: nothing is cut off."""
        ...


def open_encoder(
    name: str = "multilingual-e5-small",
    *,
    device: str = "auto",
    precision: str = "auto",
    cache: Path,
    threads: int | None = None,
) -> Encoder:
    """Open an encoder by name."""
    from indexer.encoders.e5 import E5Encoder

    return E5Encoder(cache, device="cpu" if device == "auto" else device, precision="fp32")
