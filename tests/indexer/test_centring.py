"""Means by language: what is subtracted, how a corpus moves them, what ships."""

import json

import numpy as np
import pytest

from indexer.centring import PRIOR_SEGMENTS, LanguageMeans, MeanAccumulator
from indexer.vectors import SegmentVectors

DIM = 4


def means() -> LanguageMeans:
    axis = np.eye(DIM, dtype=np.float32)
    return LanguageMeans(axis[0], {"de": axis[1], "fr": axis[2]}, 0.5 * axis[3], {"fr": 0.25 * axis[3]})


def test_each_language_and_role_has_its_own_mean() -> None:
    held = means()
    np.testing.assert_array_equal(held.mean("de", "passage"), [0, 1, 0, 0])
    np.testing.assert_array_equal(held.mean("de", "query"), [0, 1, 0, 0.5])
    np.testing.assert_array_equal(held.mean("fr", "query"), [0, 0, 1, 0.25])
    np.testing.assert_array_equal(held.mean("sv", "passage"), [1, 0, 0, 0])


def test_centred_rows_are_unit_and_a_row_at_the_mean_is_zero() -> None:
    rows = np.array([[3, 1, 4, 0], [0, 1, 0, 0]], dtype=np.float32)
    centred = means().centre(rows, "de", "passage")
    np.testing.assert_allclose(centred, [[0.6, 0, 0.8, 0], [0, 0, 0, 0]], atol=1e-6)


def test_stored_vectors_are_centred_by_their_own_language() -> None:
    rows = np.array([[3, 1, 4, 0]], dtype=np.float32)
    held = SegmentVectors.quantise(rows, "de")
    np.testing.assert_allclose(means().centre_stored(held), [[0.6, 0, 0.8, 0]], atol=0.01)


def test_survives_json() -> None:
    again = LanguageMeans.from_dict(json.loads(json.dumps(means().to_dict())))
    for language in ("de", "fr", "sv"):
        for role in ("query", "passage"):
            np.testing.assert_array_equal(again.mean(language, role), means().mean(language, role))


@pytest.mark.parametrize("count", [1, PRIOR_SEGMENTS, 100 * PRIOR_SEGMENTS])
def test_a_corpus_moves_the_prior_by_its_size(count: int) -> None:
    sums = MeanAccumulator(DIM)
    sums.add(np.tile(np.array([[0, 0, 0, 1]], dtype=np.float32), (count, 1)), "de")
    moved = sums.means(means()).mean("de", "passage")
    share = count / (count + PRIOR_SEGMENTS)
    np.testing.assert_allclose(moved, [0, 1 - share, 0, share], atol=1e-5)


def test_a_language_without_prior_leans_on_the_whole_corpus() -> None:
    sums = MeanAccumulator(DIM)
    sums.add(np.ones((3 * PRIOR_SEGMENTS, DIM), dtype=np.float32), "en")
    sums.add(np.zeros((PRIOR_SEGMENTS, DIM), dtype=np.float32), "sv")
    found = sums.means(LanguageMeans.zero(DIM))
    np.testing.assert_allclose(found.mean("sv", "passage"), np.full(DIM, 0.75 / 2), atol=1e-5)
    np.testing.assert_allclose(found.mean("pl", "passage"), np.full(DIM, 0.75), atol=1e-5)


def test_nothing_indexed_keeps_the_prior() -> None:
    sums = MeanAccumulator(DIM)
    sums.add(np.zeros((0, DIM), dtype=np.float32), "de")
    np.testing.assert_array_equal(sums.means(means()).mean("de", "passage"), [0, 1, 0, 0])


def test_another_encoder_gets_no_shipped_means() -> None:
    assert not LanguageMeans.shipped("some-other/encoder", 7).overall.any()
    assert LanguageMeans.shipped("some-other/encoder", 7).overall.shape == (7,)
