"""Exact similarity of one brief with many resumes, over vectors that are centred and of unit length.

A resume is compared by matrix products of its own, never within one large product over all resumes: BLAS rounds
differently with the shape of its operands, and a score must not depend on the other resumes in the call.
Measured at 1,000 resumes and 16 requirements: 15 ms, against 8 ms for one product.

These products are too small to share between threads. On a busy machine OpenBLAS does so all the same and waits
for its threads in a loop: 70 ms of CPU time a brief instead of 5, at 270 resumes on two cores.
"""

from collections.abc import Sequence

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from indexer.vectors import FloatMatrix, Vector, mean_direction

_THREADS = ThreadpoolController()

LOWEST = -1.0  # the cosine of opposite vectors: what a resume without segments scores


def maxsim(requirements: FloatMatrix, weights: Vector, resumes: Sequence[FloatMatrix]) -> Vector:
    """Return float32 `[len(resumes)]`: the mean over `requirements` `[n, dim]`, weighted by `weights` `[n]`, of the
    cosine with the resume's best segment. Each resume is `[segments, dim]`; `n >= 1`, weights are positive.

    Khattab and Zaharia, "ColBERT" (SIGIR 2020), over segments in place of tokens.
    """
    share = weights / weights.sum()
    scores = np.full(len(resumes), LOWEST, dtype=np.float32)
    with _THREADS.limit(limits=1, user_api="blas"):
        for row, segments in enumerate(resumes):
            if len(segments):
                scores[row] = share @ (requirements @ segments.T).max(axis=1)
    return scores


def document_vectors(resumes: Sequence[FloatMatrix], dim: int) -> FloatMatrix:
    """Return float32 `[len(resumes), dim]`: each resume's mean direction, zero for one without segments."""
    rows = [mean_direction(segments) for segments in resumes]
    return np.stack(rows) if rows else np.zeros((0, dim), dtype=np.float32)


def cosine(query: Vector, documents: FloatMatrix) -> Vector:
    """Return float32 `[n]`: the cosine of `query` `[dim]` with each document vector `[n, dim]`; `LOWEST` for a
    document vector that is zero. A zero query scores 0 everywhere: it says nothing."""
    scores: Vector = np.einsum("nd,d->n", documents, query)
    if query.any():
        scores[~documents.any(axis=1)] = LOWEST
    return scores
