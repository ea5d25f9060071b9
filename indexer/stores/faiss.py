"""The dense index: a generation on disk, and in memory whatever changed since, searched as one."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.centring import LanguageMeans
from indexer.errors import IndexMissing, StoreUnavailable
from indexer.stores import Change, Hit, ResumeStore
from indexer.stores.generation import Manifest, current, publish
from indexer.stores.generation_build import read_generation, write_generation
from indexer.stores.part import Part, memory_index, top_rows
from indexer.vectors import FloatMatrix, mean_direction

Prior = Callable[[int], LanguageMeans]

_BATCH = 256  # changed resumes read from the store at a time
_TIES = 16  # hits beyond the depth that are read to see whether the last score goes on
_FIRST_SEGMENTS = 2  # segment hits for each resume asked for, to begin with


@dataclass(frozen=True, slots=True)
class _State:
    """What one search sees. Replaced as a whole, so searches need no lock."""

    generation: Path | None
    manifest: Manifest | None  # of the generation, whose folder a later build may have deleted
    means: LanguageMeans
    parts: tuple[Part, ...]
    position: int  # sequence of the last change that is in the parts


class FaissIndex:
    """`DenseIndex` over a folder of generations and the store they were built from.

    Vectors are centred with the generation's means; before the first generation, with the prior.
    """

    def __init__(
        self, directory: Path, store: ResumeStore, *, prior: Prior = LanguageMeans.zero, segments: bool = True
    ) -> None:
        """Open the generation in service and read what changed since.

        `prior` gives the means for a dimension; `segments` says whether changes are searchable by segment before
        there is a generation. Raises StoreUnavailable or IndexMismatch for a generation that cannot be used.
        """
        self._directory, self._store, self._prior, self._segments = directory, store, prior, segments
        self._lock = threading.Lock()
        # Nothing is indexed, so there is no dimension yet: a mean of one zero is subtracted from any vector.
        self._state = _State(None, None, LanguageMeans.zero(1), (), 0)
        self.refresh()

    @staticmethod
    def build(
        store: ResumeStore, directory: Path, *, fingerprint: str, means: LanguageMeans, segments: bool = True
    ) -> None:
        """Build a generation from everything in `store` and put it into service; `means` is the prior.

        A crash leaves the old generation in service. Raises StoreUnavailable when there is no room.
        """
        publish(
            directory,
            lambda folder: write_generation(folder, store, fingerprint=fingerprint, prior=means, segments=segments),
        )

    @property
    def means(self) -> LanguageMeans:
        """The means that queries must be centred with."""
        return self._state.means

    @property
    def manifest(self) -> Manifest | None:
        """Of the generation in service, None before the first build."""
        return self._state.manifest

    @property
    def generation(self) -> str | None:
        """Name of the generation in service, None before the first build."""
        return None if self._state.generation is None else self._state.generation.name

    @property
    def tail(self) -> int:
        """How many resumes are searched from memory."""
        first = 0 if self._state.generation is None else 1
        return sum(int(part.alive.sum()) for part in self._state.parts[first:])

    def refresh(self) -> None:
        """Take up a newer generation, and the store's changes since."""
        with self._lock:
            generation = current(self._directory)
            state = self._state
            if generation is not None and generation != state.generation:
                state = self._load(generation)
            changes = self._store.changes(state.position)
            while batch := list(islice(changes, _BATCH)):
                state = self._applied(state, batch)
            self._state = state

    def search_resumes(self, query: FloatMatrix, *, depth: int, allowed: frozenset[str] | None = None) -> list[Hit]:
        """By document vector; `query` is `[dim]`, centred and of unit length."""
        found: list[Hit] = []
        queries = np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
        for part in self._state.parts if depth > 0 else ():
            passing, limit = part.passing(allowed), depth + _TIES
            while True:
                scores, rows = top_rows(part.documents, queries, limit, passing)
                if scores.shape[1] < limit or scores[0, -1] < scores[0, depth - 1]:
                    break
                limit *= 2  # the score at the cut goes on: read on, so that ties are broken by id
            found += [Hit(part.ids[row], float(score)) for score, row in zip(scores[0], rows[0], strict=True)]
        return _ranked(found, depth)

    def search_segments(
        self, queries: FloatMatrix, weights: Sequence[float], *, depth: int, allowed: frozenset[str] | None = None
    ) -> list[Hit]:
        """By the weighted sum, over the queries `[n, dim]`, of each resume's best segment among the nearest.

        The nearest N segments of each query are looked at, N doubling until they come from `depth` resumes. A resume
        with none of its segments among a query's nearest counts the lowest value found for that query, which is
        the most it can have. Raises IndexMissing when the generation was built without segments.
        """
        state = self._state
        masks = [part.passing(allowed) for part in state.parts]
        if any(part.segments is None and len(part.ids) for part in state.parts):
            raise IndexMissing(
                f"dense index {str(self._directory)!r} was built without segments; build it with `segments=True`"
            )
        searched = [(part, mask, mask[part.owners]) for part, mask in zip(state.parts, masks, strict=True)]
        available = sum(int(mask.sum()) for mask in masks)
        rows = sum(int(mask.sum()) for _, _, mask in searched)
        wanted, limit = min(depth, available), _FIRST_SEGMENTS * depth
        if wanted <= 0 or not len(queries):
            return []
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        while True:
            scores, owners = _nearest(searched, queries, limit)
            ordinals, places = np.unique(owners, return_inverse=True)
            if len(ordinals) >= wanted or limit >= rows:
                break
            limit *= 2
        best = np.repeat(scores[:, -1:], len(ordinals), axis=1)  # each query's lowest value found
        each = np.repeat(np.arange(len(queries)), scores.shape[1])
        np.maximum.at(best, (each, places.ravel()), scores.ravel())
        totals = np.asarray(weights, dtype=np.float64) @ best.astype(np.float64)
        ids = [resume_id for part in state.parts for resume_id in part.ids]
        return _ranked([Hit(ids[at], float(total)) for at, total in zip(ordinals, totals, strict=True)], depth)

    def sequences(self) -> Iterator[tuple[str, int]]:
        """Id and change sequence of every resume that a search can find, for verification."""
        for part in self._state.parts:
            for ordinal in np.flatnonzero(part.alive):
                yield part.ids[ordinal], int(part.sequences[ordinal])

    def _load(self, generation: Path) -> _State:
        manifest = Manifest.read(generation)
        try:
            part = read_generation(generation)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise StoreUnavailable(
                f"dense index {str(generation)!r} is damaged: {error}; run `shortlist rebuild`"
            ) from error
        return _State(generation, manifest, LanguageMeans.from_dict(manifest.means), (part,), manifest.watermark)

    def _applied(self, state: _State, changes: Sequence[Change]) -> _State:
        latest = {change.resume_id: change for change in changes}
        live = [change for change in latest.values() if not change.deleted]
        means, segments = state.means, self._segments
        if state.generation is not None:
            segments = state.parts[0].segments is not None
        ids, sequences, unit = [], [], []
        for change, held in zip(live, self._store.vectors([change.resume_id for change in live]), strict=True):
            if held is not None and len(held):
                if len(means.overall) == 1:
                    means = self._prior(held.codes.shape[1])
                ids.append(change.resume_id)
                sequences.append(change.sequence)
                unit.append(means.centre_stored(held))
        parts = [part.without(latest) for part in state.parts]
        if ids:
            owners = np.repeat(np.arange(len(ids), dtype=np.int32), [len(vectors) for vectors in unit])
            documents = memory_index(np.stack([mean_direction(vectors) for vectors in unit]))
            spans = memory_index(np.concatenate(unit)) if segments else None
            parts.append(Part.of(ids, sequences, documents, spans, owners if segments else owners[:0]))
            # Few parts to search, and each vector copied a few times only: merge when the older is not much larger.
            first = 0 if state.generation is None else 1
            while len(parts) >= first + 2 and len(parts[-2].ids) < 2 * len(parts[-1].ids):
                newer = parts.pop()
                parts[-1] = parts[-1].merged(newer)
        return replace(state, means=means, parts=tuple(parts), position=changes[-1].sequence)


def _nearest(
    searched: Sequence[tuple[Part, NDArray[np.bool_], NDArray[np.bool_]]], queries: FloatMatrix, limit: int
) -> tuple[FloatMatrix, NDArray[np.int64]]:
    """Scores and resumes `[n, m <= limit]` of the segments nearest to each query over all parts, best first.

    Resumes are numbered through all parts.
    """
    columns, owners, offset = [], [], 0
    for part, _, passing in searched:
        if part.segments is not None:
            scores, rows = top_rows(part.segments, queries, limit, passing)
            columns.append(scores)
            owners.append(part.owners[rows].astype(np.int64) + offset)
        offset += len(part.ids)
    merged, numbers = np.concatenate(columns, axis=1), np.concatenate(owners, axis=1)
    order = np.argsort(-merged, axis=1, kind="stable")[:, :limit]
    return np.take_along_axis(merged, order, axis=1), np.take_along_axis(numbers, order, axis=1)


def _ranked(hits: list[Hit], depth: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.resume_id))[:depth]
