"""A searchable part of the dense index: a generation from disk, or changes held in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import faiss as untyped_faiss
import numpy as np
from numpy.typing import NDArray

from indexer.vectors import FloatMatrix

Mask = NDArray[np.bool_]

faiss: Any = untyped_faiss  # its type stubs know neither selectors nor the HNSW search parameters

# Up to this many vectors a scan of 8-bit codes takes tens of milliseconds and finds everything; beyond, a graph.
EXACT_UP_TO = 100_000
# 32 links a node: FAISS' usual choice for a few hundred dimensions; 16 loses recall, 64 doubles the links' memory.
HNSW_LINKS = 32
# Twice FAISS' default of 40: resumes of one field lie close together, and a build happens once, a search often.
HNSW_BUILD_BREADTH = 80
# A search looks at this many nodes or at twice the hits asked for, whichever is more.
HNSW_SEARCH_BREADTH = 128
# Below this share of passing vectors a graph search strays among the others and comes back short: scan instead.
HNSW_LEAST_SHARE = 0.2


def trained_index(sample: FloatMatrix, rows: int) -> Any:
    """An empty FAISS index for `rows` unit vectors, its 8-bit codes fitted to `sample` `[n, dim]`."""
    dim, code, metric = sample.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    if rows <= EXACT_UP_TO:
        index = faiss.IndexScalarQuantizer(dim, code, metric)
    else:
        index = faiss.IndexHNSWSQ(dim, code, HNSW_LINKS, metric)
        index.hnsw.efConstruction = HNSW_BUILD_BREADTH
    if len(sample):
        index.train(sample)
    return index


def memory_index(vectors: FloatMatrix) -> Any:
    """A FAISS index of 16-bit floats over `vectors` `[n, dim]`: exact to three digits, and needs no training."""
    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Resumes by ordinal. Row i of `documents` is resume i; row j of `segments` belongs to resume `owners[j]`.

    Never changed: what is superseded or erased is masked in a copy, so searches need no lock.
    """

    ids: list[str]
    sequences: NDArray[np.int64]  # of the change that wrote each resume
    documents: Any
    segments: Any | None
    owners: NDArray[np.int32]
    alive: Mask
    ordinals: dict[str, int] = field(repr=False)

    @classmethod
    def of(
        cls,
        ids: list[str],
        sequences: Sequence[int],
        documents: Any,
        segments: Any | None,
        owners: NDArray[np.int32],
    ) -> "Part":
        """A part with every resume alive."""
        ordinals = {resume_id: ordinal for ordinal, resume_id in enumerate(ids)}
        alive = np.ones(len(ids), dtype=np.bool_)
        return cls(ids, np.asarray(sequences, dtype=np.int64), documents, segments, owners, alive, ordinals)

    def without(self, resume_ids: Collection[str]) -> "Part":
        """A copy in which these resumes are not found any more; the vectors are shared."""
        gone = [ordinal for resume_id in resume_ids if (ordinal := self.ordinals.get(resume_id)) is not None]
        if not gone:
            return self
        alive = self.alive.copy()
        alive[gone] = False
        return replace(self, alive=alive)

    def passing(self, allowed: frozenset[str] | None) -> Mask:
        """Which resumes may be found, `[resumes]`."""
        if allowed is None:
            return self.alive
        mask = np.zeros(len(self.ids), dtype=np.bool_)
        if len(allowed) < len(self.ids):
            mask[[ordinal for each in allowed if (ordinal := self.ordinals.get(each)) is not None]] = True
        else:
            mask[[ordinal for ordinal, each in enumerate(self.ids) if each in allowed]] = True
        return mask & self.alive

    def merged(self, other: "Part") -> "Part":
        """One part in memory with the living of both."""
        ids: list[str] = []
        sequences, documents, segments, owners = [], [], [], []
        for part in (self, other):
            renumbered = np.cumsum(part.alive) - 1 + len(ids)
            ids += [part.ids[ordinal] for ordinal in np.flatnonzero(part.alive)]
            sequences.append(part.sequences[part.alive])
            documents.append(part.documents.reconstruct_n(0, len(part.ids))[part.alive])
            if part.segments is not None:
                kept = part.alive[part.owners]
                segments.append(part.segments.reconstruct_n(0, len(part.owners))[kept])
                owners.append(renumbered[part.owners[kept]].astype(np.int32))
        return Part.of(
            ids,
            np.concatenate(sequences),  # type: ignore[arg-type]
            memory_index(np.concatenate(documents)),
            memory_index(np.concatenate(segments)) if segments else None,
            np.concatenate(owners) if owners else np.zeros(0, dtype=np.int32),
        )


def top_rows(index: Any, queries: FloatMatrix, depth: int, passing: Mask) -> tuple[FloatMatrix, NDArray[np.int64]]:
    """Scores and rows `[n, min(depth, passing rows)]` of the best rows among `passing` `[rows]`, best first."""
    count = int(np.count_nonzero(passing))
    depth = min(depth, count)
    if depth <= 0:
        return np.zeros((len(queries), 0), dtype=np.float32), np.zeros((len(queries), 0), dtype=np.int64)
    # One thread a search: two of them wait for each other, on a busy machine a hundred times as long as they work.
    faiss.omp_set_num_threads(1)
    everything = count == len(passing)
    selector = None if everything else faiss.IDSelectorBitmap(np.packbits(passing, bitorder="little"))
    if isinstance(index, faiss.IndexHNSW):
        if count >= HNSW_LEAST_SHARE * len(passing):
            breadth = max(HNSW_SEARCH_BREADTH, 2 * depth)
            graph = faiss.SearchParametersHNSW(sel=selector, efSearch=breadth)
            scores, rows = index.search(queries, depth, params=graph)
            if (rows >= 0).all():
                return scores, rows
        index = faiss.downcast_index(index.storage)
    return index.search(queries, depth, params=faiss.SearchParameters(sel=selector))  # type: ignore[no-any-return]
