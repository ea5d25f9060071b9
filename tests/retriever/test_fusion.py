import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.stores import Hit
from retriever.fusion import Channel, best, reciprocal_rank_fusion, z_scores, z_sum

values = st.lists(st.floats(-100, 100), min_size=1, max_size=20).map(np.array)


def hits(*ids: str) -> list[Hit]:
    return [Hit(resume_id, -float(rank)) for rank, resume_id in enumerate(ids)]


def test_reciprocal_rank_fusion_sums_over_the_lists() -> None:
    fused = reciprocal_rank_fusion([hits("a", "b", "c"), hits("c", "a")], depth=10)
    assert [hit.resume_id for hit in fused] == ["a", "c", "b"]
    assert [hit.score for hit in fused] == pytest.approx([1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62])


def test_reciprocal_rank_fusion_breaks_ties_by_id_and_cuts() -> None:
    assert [hit.resume_id for hit in reciprocal_rank_fusion([hits("b"), hits("a")], depth=1)] == ["a"]
    assert reciprocal_rank_fusion([[], []], depth=5) == []


@given(values)
def test_z_scores_have_mean_zero_and_deviation_one(scores: np.ndarray) -> None:
    standard = z_scores(Channel(scores))
    assert standard.mean() == pytest.approx(0.0, abs=1e-6)
    if np.ptp(scores) > 1e-3:
        assert standard.std() == pytest.approx(1.0)
        assert (np.diff(standard[np.argsort(scores)]) >= 0).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
def test_equal_scores_say_nothing(value: float) -> None:
    assert z_scores(Channel(np.full(7, value))).tolist() == [0.0] * 7


def test_a_channel_that_does_not_apply_neither_helps_nor_punishes() -> None:
    applies = np.array([True, True, False, True])
    scores = z_scores(Channel(np.array([1.0, 2.0, -1000.0, 3.0]), applies=applies))
    assert scores[2] == 0.0
    assert scores[applies].tolist() == pytest.approx(z_scores(Channel(np.array([1.0, 2.0, 3.0]))).tolist())
    assert z_scores(Channel(np.array([5.0, 6.0]), applies=np.array([False, False]))).tolist() == [0.0, 0.0]


def test_the_sum_weighs_its_channels() -> None:
    up, down = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert z_sum([Channel(up), Channel(down, 0.5)]).tolist() == pytest.approx([-0.5, 0.5])


@given(st.dictionaries(st.text(max_size=3), st.sampled_from([0.0, 1.0, 2.0]), max_size=8), st.randoms())
def test_the_order_is_the_same_whatever_the_order_of_arrival(scored: dict[str, float], random) -> None:
    items = list(scored.items())
    random.shuffle(items)
    ranked = best([name for name, _ in items], np.array([score for _, score in items]), depth=100)
    assert [(hit.resume_id, hit.score) for hit in ranked] == sorted(scored.items(), key=lambda kv: (-kv[1], kv[0]))
