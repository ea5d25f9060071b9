"""What is kept, and what is derived from it.

The *store* is the truth: text, structure, int8 segment vectors, version, and a log of changes. The lexical
and the dense index are derived: each remembers the last change it holds (its watermark), catches up from the
log, and can be rebuilt from nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from indexer.filters import Filter
from indexer.resumes import Resume
from indexer.vectors import FloatMatrix, SegmentVectors


@dataclass(frozen=True, slots=True)
class StoredResume:
    """A resume with its vectors: `len(vectors) == len(resume.segments)`. `digest` identifies the content."""

    resume: Resume
    vectors: SegmentVectors
    digest: str  # of text and meta, hex; equal content is not encoded twice


class Outcome(StrEnum):
    """What became of one write."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"  # the same content is there already
    STALE = "stale"  # a newer version is there, or was deleted by a newer version
    CONFLICT = "conflict"  # the same version with other content


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log. Only the latest change of a resume is kept."""

    sequence: int
    resume_id: str
    version: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds under an id: enough to decide whether a write is needed."""

    version: int
    digest: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One scored id, the higher the better."""

    resume_id: str
    score: float


class ResumeStore(Protocol):
    """What was indexed, by id and version, with its vectors and a change log."""

    def known(self, resume_ids: Sequence[str]) -> list[Known | None]:
        """Version and digest under each id, None where there is nothing; tombstones are known as deleted."""
        ...

    def put(self, records: Sequence[StoredResume]) -> list[Outcome]:
        """Write durably, all or nothing; an older version never overwrites a newer one."""
        ...

    def delete(self, resume_id: str, version: int) -> Outcome:
        """Remove a resume and leave a tombstone, so that an older version can't bring it back."""
        ...

    def get(self, resume_ids: Sequence[str]) -> list[StoredResume | None]:
        """Read whole records, in the order asked for."""
        ...

    def vectors(self, resume_ids: Sequence[str]) -> list[SegmentVectors | None]:
        """Read vectors alone, in the order asked for."""
        ...

    def changes(self, after: int = 0) -> Iterator[Change]:
        """The latest change of each resume whose sequence is above `after`, in order of sequence."""
        ...

    def watermark(self) -> int:
        """Sequence of the last change, 0 for an empty store."""
        ...

    def select(self, filters: Sequence[Filter]) -> frozenset[str]:
        """Ids of the live resumes that pass every filter."""
        ...

    def languages(self) -> dict[str, int]:
        """Number of live resumes by language."""
        ...

    def __len__(self) -> int:
        """Number of live resumes."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """One requirement as words, with the weight that multiplies its score."""

    text: str
    weight: float = 1.0


class LexicalIndex(Protocol):
    """Words. A resume is searched in its own language's analysis only, so other languages never match."""

    def catch_up(self, store: ResumeStore) -> int:
        """Apply the store's changes since this index's watermark; return how many."""
        ...

    def watermark(self) -> int: ...

    def search(
        self, queries: Sequence[LexicalQuery], *, language: str, depth: int, filters: Sequence[Filter] = ()
    ) -> list[Hit]:
        """The `depth` best resumes in `language` that pass the filters, best first, ties by id."""
        ...

    def clear(self) -> None:
        """Forget everything, so that `catch_up` rebuilds."""
        ...

    def close(self) -> None: ...


class DenseIndex(Protocol):
    """Meaning. Searches by resume vector and by segment vector, over centred vectors."""

    def search_resumes(self, query: FloatMatrix, *, depth: int, allowed: frozenset[str] | None = None) -> list[Hit]:
        """The `depth` resumes whose document vector has the highest cosine with `query` `[dim]` (centred, unit)."""
        ...

    def search_segments(
        self, queries: FloatMatrix, weights: Sequence[float], *, depth: int, allowed: frozenset[str] | None = None
    ) -> list[Hit]:
        """The `depth` best resumes by weighted sum, over the queries `[n, dim]`, of the best segment found."""
        ...
