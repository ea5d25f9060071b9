"""Text to vectors. The protocol, and the one function that opens an encoder by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from indexer.errors import EncoderUnavailable
from indexer.threads import usable_cores
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


Precision = Literal["auto", "fp32", "bf16", "int8"]
DEFAULT_ENCODER = "multilingual-e5-small"


def open_encoder(
    name: str = DEFAULT_ENCODER,
    *,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    precision: Precision = "auto",
    cache: Path,
    threads: int | None = None,
) -> Encoder:
    """Open an encoder by name: the default, or any sentence-transformers model by name or folder ("st:" optional).

    `cache` is the folder for the default encoder's prepared weights (470 MB). `precision` "auto" is bf16 on CUDA and
    on a CPU that multiplies bfloat16 in hardware, else int8: both take under a third of fp32's processor time, need
    no compiler and no warm-up, and keep the neighbours (`benchmarks/results/encode.md`). A sentence-transformers
    model runs as it was saved: its `precision` must be "auto".
    `threads`: how many CPU cores to use, all that the process may by default; for a sentence-transformers model it
    sets torch's thread count for the whole process.
    Raises EncoderUnavailable when a package, weights or the device is lacking.
    """
    try:
        import torch
    except ImportError as error:
        raise EncoderUnavailable(f"package torch is missing ({error}); run `pip install torch`") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise EncoderUnavailable('device "cuda" was asked for and torch sees no GPU; use device "cpu"')
    if name != DEFAULT_ENCODER:
        if precision != "auto":
            raise EncoderUnavailable(
                f'precision {precision!r} exists for {DEFAULT_ENCODER} only; leave it "auto" for {name}'
            )
        from indexer.encoders.sentence_transformers import SentenceTransformersEncoder

        if threads is not None:
            torch.set_num_threads(threads)
        return SentenceTransformersEncoder(name.removeprefix("st:"), device=device)
    if precision == "auto":
        precision = "bf16" if device == "cuda" or _multiplies_bfloat16(torch.cpu.get_capabilities()) else "int8"
    if precision == "int8" and device != "cpu":
        raise EncoderUnavailable('precision "int8" runs on CPU only; use "bf16" on CUDA')
    from indexer.encoders.e5 import E5Encoder

    return E5Encoder(cache, device=device, precision=precision, threads=threads or usable_cores())


def _multiplies_bfloat16(capabilities: Mapping[str, object]) -> bool:
    """Whether the CPU has instructions for it; torch's detour without them is slower than fp32."""
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
