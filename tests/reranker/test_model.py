"""The late-interaction model against plain numpy, and what must not change a score."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.vectors import mean_direction
from reranker.model import LateInteraction
from retriever.similarity import LOWEST, cosine, document_vectors, maxsim

DIM = 16
MODEL = LateInteraction(document=1.0, maxsim=2.0, title=0.5)


def unit(rows: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def run(requirements: np.ndarray, weights: np.ndarray, title: np.ndarray, resumes: list[np.ndarray], width: int = 0):
    width = max(1, width, *(len(rows) for rows in resumes))
    segments, mask = torch.zeros(len(resumes), width, DIM), torch.zeros(len(resumes), width, dtype=torch.bool)
    for place, rows in enumerate(resumes):
        segments[place, : len(rows)] = torch.from_numpy(rows)
        mask[place, : len(rows)] = True
    tensors = (torch.from_numpy(part) for part in (requirements, weights, title))
    return MODEL(*tensors, segments, mask)


case = st.tuples(st.integers(1, 8), st.lists(st.integers(0, 12), min_size=1, max_size=9), st.integers(0, 2**16))


def build(requirements: int, lengths: list[int], seed: int):
    weights = np.random.default_rng(seed).uniform(0.2, 3, requirements).astype(np.float32)
    resumes = [unit(length, seed + 2 + place) for place, length in enumerate(lengths)]
    return unit(requirements, seed), weights, unit(1, seed + 1)[0], resumes


@given(case)
@settings(deadline=None, max_examples=50)
def test_score_is_the_weighted_sum_of_the_numpy_channels(sizes) -> None:
    requirements, weights, title, resumes = build(*sizes)
    documents = document_vectors(resumes, DIM)
    expected = (
        cosine(mean_direction(requirements), documents)
        + 2.0 * maxsim(requirements, weights, resumes)
        + 0.5 * cosine(title, documents)
    )
    np.testing.assert_allclose(run(requirements, weights, title, resumes).score.numpy(), expected, atol=5e-6)


@given(case, st.randoms(use_true_random=False), st.integers(0, 40))
@settings(deadline=None, max_examples=50)
def test_score_ignores_batch_mates_their_order_and_padding(sizes, random, width) -> None:
    requirements, weights, title, resumes = build(*sizes)
    together = run(requirements, weights, title, resumes).score
    order = list(range(len(resumes)))
    random.shuffle(order)
    shuffled = run(requirements, weights, title, [resumes[place] for place in order], width).score
    for position, place in enumerate(order):
        alone = run(requirements, weights, title, [resumes[place]]).score[0]
        assert shuffled[position].item() == pytest.approx(together[place].item(), abs=5e-6)
        assert alone.item() == pytest.approx(together[place].item(), abs=5e-6)


@given(case, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_score_ignores_the_order_of_segments_and_of_requirements(sizes, random) -> None:
    requirements, weights, title, resumes = build(*sizes)
    rows = list(range(len(requirements)))
    random.shuffle(rows)
    mixed = [resume[np.random.default_rng(1).permutation(len(resume))] for resume in resumes]
    first = run(requirements, weights, title, resumes).score
    second = run(requirements[rows], weights[rows], title, mixed).score
    torch.testing.assert_close(first, second, atol=5e-6, rtol=0)


def test_a_padded_place_never_wins_over_negative_similarities() -> None:
    requirement = unit(1, 5)
    opposite = -requirement  # its only segment points the other way, so a zero from padding would look better
    found = run(requirement, np.ones(1, np.float32), requirement[0], [opposite], width=4)
    assert found.best[0, 0].item() == pytest.approx(-1.0, abs=1e-6)
    assert found.segment[0, 0, 0].item() == 0
    assert torch.isneginf(found.similarity[0, 0, 1:]).all()


def test_a_resume_without_segments_scores_lowest_and_stays_finite() -> None:
    requirements, weights, title, resumes = build(3, [0, 4], 11)
    score = run(requirements, weights, title, resumes).score
    assert score[0].item() == pytest.approx(LOWEST * (1 + 2 + 0.5), abs=1e-6)
    assert score[0] < score[1]


def test_nearest_segments_are_those_of_highest_similarity() -> None:
    requirements, weights, title, resumes = build(2, [7], 3)
    found = run(requirements, weights, title, resumes, width=12)
    expected = requirements @ resumes[0].T
    for row in range(2):
        top = np.argsort(-expected[row])[:3]
        assert found.segment[0, row].tolist() == top.tolist()
        np.testing.assert_allclose(found.similarity[0, row].numpy(), expected[row][top], atol=1e-6)
