"""Vectors: unit length and mean direction, and the form in which segment vectors are stored."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

FloatMatrix = NDArray[np.float32]
Vector = NDArray[np.float32]

_HEADER = 8  # two little-endian uint32: rows, dim
_LANGUAGE = 8  # bytes, padded with zeros
_ZERO = 1e-9  # a norm below it is what rounding leaves of nothing


def unit_rows(vectors: FloatMatrix) -> FloatMatrix:
    """Return float32 `[n, dim]`: each row scaled to length one, or zero where it is zero but for rounding."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatMatrix = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > _ZERO)
    return unit


def mean_direction(vectors: FloatMatrix) -> Vector:
    """Return the normalised sum of `[n, dim]` as `[dim]`; zero when there is no row or the rows cancel out."""
    total: FloatMatrix = vectors.sum(axis=0, dtype=np.float32, keepdims=True)
    return unit_rows(total).reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentVectors:
    """`n` vectors: `codes` int8 `[n, dim]`, `scales` float32 `[n]`; row i belongs to `resume.segments[i]`.
    `language` is the resume's, by which they are to be centred.

    Symmetric per-vector quantisation of the encoder's raw output (not centred, so that the means may
    move without touching what is stored). Measured cosine to the float vectors: .99997.
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    language: str = "und"

    @classmethod
    def quantise(cls, vectors: FloatMatrix, language: str = "und") -> Self:
        """Quantise float32 `[n, dim]`."""
        peak = np.abs(vectors).max(axis=1, initial=0.0) if vectors.size else np.zeros(len(vectors))
        scales = np.maximum(peak / 127.0, np.finfo(np.float32).tiny).astype(np.float32)
        codes = np.rint(vectors / scales[:, None]).astype(np.int8)
        return cls(codes, scales, language)

    def dense(self) -> FloatMatrix:
        """Return float32 `[n, dim]`."""
        return self.codes.astype(np.float32) * self.scales[:, None]

    def __len__(self) -> int:
        return len(self.scales)

    def to_bytes(self) -> bytes:
        """Serialise: rows, dim (uint32, little endian), scales (float32), codes (int8), language (8 bytes)."""
        rows, dim = self.codes.shape
        header = np.array([rows, dim], dtype="<u4").tobytes()
        return (
            header
            + self.scales.astype("<f4").tobytes()
            + self.codes.tobytes()
            + self.language.encode().ljust(_LANGUAGE, b"\0")
        )

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Self:
        """Undo `to_bytes`. Raises ValueError when the length does not fit the header."""
        rows, dim = (int(value) for value in np.frombuffer(data[:_HEADER], dtype="<u4"))
        codes_at, end = _HEADER + 4 * rows, _HEADER + rows * (4 + dim)
        if len(data) != end + _LANGUAGE:
            raise ValueError(f"{len(data)} bytes cannot hold {rows} vectors of {dim} dimensions")
        scales = np.frombuffer(data[_HEADER:codes_at], dtype="<f4").astype(np.float32)
        codes = np.frombuffer(data[codes_at:end], dtype=np.int8).reshape(rows, dim)
        return cls(codes, scales, bytes(data[end:]).rstrip(b"\0").decode())
