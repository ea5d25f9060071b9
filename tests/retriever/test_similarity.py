import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.vectors import FloatMatrix
from retriever.similarity import LOWEST, cosine, document_vectors, maxsim

DIM = 16
WEIGHTS = np.array([1.0, 2.0, 0.5], dtype=np.float32)


def unit(rows: int, seed: int) -> FloatMatrix:
    vectors = np.random.default_rng(seed).standard_normal((rows, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


QUERY = unit(3, seed=0)
resume_lists = st.lists(st.builds(unit, st.integers(0, 40), st.integers(1, 10**6)), min_size=1, max_size=12)


@given(resume_lists, st.randoms())
def test_a_score_does_not_depend_on_the_other_resumes_or_their_order(resumes: list[FloatMatrix], random) -> None:
    together = maxsim(QUERY, WEIGHTS, resumes)
    documents = document_vectors(resumes, DIM)
    cosines = cosine(QUERY[0], documents)
    for row, resume in enumerate(resumes):
        assert maxsim(QUERY, WEIGHTS, [resume])[0] == together[row]
        assert cosine(QUERY[0], document_vectors([resume], DIM))[0] == cosines[row]
    order = list(range(len(resumes)))
    random.shuffle(order)
    shuffled = [resumes[row] for row in order]
    assert (maxsim(QUERY, WEIGHTS, shuffled) == together[order]).all()
    assert (cosine(QUERY[0], document_vectors(shuffled, DIM)) == cosines[order]).all()


@given(resume_lists)
def test_maxsim_is_the_weighted_mean_of_the_best_segments(resumes: list[FloatMatrix]) -> None:
    for resume, score in zip(resumes, maxsim(QUERY, WEIGHTS, resumes), strict=True):
        bests = [max((float(query @ segment) for segment in resume), default=-1.0) for query in QUERY]
        assert score == pytest.approx(np.average(bests, weights=WEIGHTS), abs=1e-6)


def test_a_resume_without_segments_scores_lowest() -> None:
    empty = np.zeros((0, DIM), dtype=np.float32)
    opposite = -QUERY[:1]
    assert maxsim(QUERY[:1], WEIGHTS[:1], [empty, opposite, QUERY]).tolist() == pytest.approx([LOWEST, LOWEST, 1.0])
    assert cosine(QUERY[0], document_vectors([empty, QUERY[:1]], DIM)).tolist() == pytest.approx([LOWEST, 1.0])
    assert maxsim(QUERY, WEIGHTS, []).shape == (0,)
    assert document_vectors([], DIM).shape == (0, DIM)


def test_a_query_without_direction_prefers_nobody() -> None:
    documents = document_vectors([QUERY, np.zeros((0, DIM), dtype=np.float32)], DIM)
    assert cosine(np.zeros(DIM, dtype=np.float32), documents).tolist() == [0.0, 0.0]
