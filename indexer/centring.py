"""Per-language centring: subtract a language's mean vector, then normalise.

Sentence encoders put every text of one language into one narrow cone, so that raw cosines say "same language"
before they say "same meaning". Subtracting the mean of the language's own segments removes that. On judged
briefs it is worth more than any training of the re-ranker: see `benchmarks/ranking.py`.

A handful of documents is no estimate of a mean, so a corpus' mean is shrunk towards a prior: the means shipped
for the default encoder where the language is among them, else the mean over all languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from indexer.encoders import Role
from indexer.vectors import FloatMatrix, SegmentVectors, Vector, unit_rows

# The prior counts as much as this many segments, about five resumes: 160 segments of a language's own resumes
# already beat any mean taken from elsewhere.
PRIOR_SEGMENTS = 120
_SHIPPED = "shipped_means.npz"


@dataclass(frozen=True, slots=True, eq=False)
class LanguageMeans:
    """Mean vectors `[dim]` by language, for passages, and the shift from passages to queries.

    The shift is what the encoder's `query: ` prefix and the different style of briefs add to a vector; it is
    measured once for an encoder, by language where there is enough text, and travels with the means.
    """

    overall: Vector
    passages: Mapping[str, Vector] = field(default_factory=dict)
    shift: Vector | None = None
    shifts: Mapping[str, Vector] = field(default_factory=dict)

    @classmethod
    def zero(cls, dim: int) -> Self:
        """No knowledge: vectors are only normalised."""
        return cls(np.zeros(dim, dtype=np.float32))

    @classmethod
    def shipped(cls, fingerprint: str, dim: int) -> Self:
        """The means measured for the encoder with this fingerprint, or `zero` for an encoder not measured."""
        with files("indexer").joinpath(_SHIPPED).open("rb") as file, np.load(file, allow_pickle=False) as data:
            if str(data["fingerprint"]) != fingerprint:
                return cls.zero(dim)
            arrays = {name: data[name].astype(np.float32) for name in data.files if name != "fingerprint"}
        return cls(
            arrays["overall"],
            {name.removeprefix("passage:"): row for name, row in arrays.items() if name.startswith("passage:")},
            arrays["shift"],
            {name.removeprefix("shift:"): row for name, row in arrays.items() if name.startswith("shift:")},
        )

    def mean(self, language: str, role: Role) -> Vector:
        """The vector `[dim]` to subtract; an unknown language has the overall mean."""
        mean = self.passages.get(language, self.overall)
        if role == "passage":
            return mean
        shift = self.shifts.get(language, self.shift)
        return mean if shift is None else mean + shift

    def centre(self, vectors: FloatMatrix, language: str, role: Role) -> FloatMatrix:
        """Return float32 `[n, dim]`: centred and L2-normalised rows. A row equal to the mean becomes zero."""
        return unit_rows(vectors - self.mean(language, role))

    def centre_stored(self, vectors: SegmentVectors) -> FloatMatrix:
        """A resume's vectors, float32 `[n, dim]`, centred by its own language."""
        return self.centre(vectors.dense(), vectors.language, "passage")

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the manifest of a generation."""
        return {
            "overall": self.overall.tolist(),
            "passages": {language: row.tolist() for language, row in self.passages.items()},
            "shift": None if self.shift is None else self.shift.tolist(),
            "shifts": {language: row.tolist() for language, row in self.shifts.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Undo `to_dict`."""
        return cls(
            np.asarray(data["overall"], dtype=np.float32),
            {language: np.asarray(row, dtype=np.float32) for language, row in data["passages"].items()},
            None if data["shift"] is None else np.asarray(data["shift"], dtype=np.float32),
            {language: np.asarray(row, dtype=np.float32) for language, row in data["shifts"].items()},
        )


class MeanAccumulator:
    """Running sums of passage vectors by language, over a corpus of any size."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}

    def add(self, vectors: FloatMatrix, language: str) -> None:
        """Count the rows of `vectors` `[n, dim]` as segments of one resume in `language`."""
        if len(vectors):
            total = self._sums.setdefault(language, np.zeros(self._dim))
            total += vectors.sum(axis=0, dtype=np.float64)
            self._counts[language] = self._counts.get(language, 0) + len(vectors)

    def means(self, prior: LanguageMeans) -> LanguageMeans:
        """The corpus' means, each shrunk towards `prior` by `PRIOR_SEGMENTS` segments."""
        segments = sum(self._counts.values())
        total = sum(self._sums.values(), np.zeros(self._dim))
        overall = _shrink(total, segments, prior.overall)
        passages = dict(prior.passages)
        for language, subtotal in self._sums.items():
            passages[language] = _shrink(subtotal, self._counts[language], prior.passages.get(language, overall))
        return LanguageMeans(overall, passages, prior.shift, prior.shifts)


def _shrink(total: NDArray[np.float64], count: int, prior: Vector) -> Vector:
    if not count:
        return prior
    if not prior.any():  # nothing is known beforehand, so the corpus alone speaks
        return (total / count).astype(np.float32)
    return ((total + PRIOR_SEGMENTS * prior) / (count + PRIOR_SEGMENTS)).astype(np.float32)
