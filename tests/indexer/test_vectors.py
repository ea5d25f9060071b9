import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.vectors import FloatMatrix, SegmentVectors, mean_direction, unit_rows

matrices = st.tuples(st.integers(0, 6), st.integers(1, 24)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(-1, 1, width=32))
)


@given(matrices)
def test_quantising_is_within_half_a_step(vectors: FloatMatrix) -> None:
    held = SegmentVectors.quantise(vectors)
    assert held.codes.dtype == np.int8
    assert held.scales.dtype == np.float32
    assert (np.abs(held.dense() - vectors) <= held.scales[:, None] * 0.501).all()


@given(matrices)
def test_bytes_round_trip(vectors: FloatMatrix) -> None:
    held = SegmentVectors.quantise(vectors, "pt")
    again = SegmentVectors.from_bytes(held.to_bytes())
    np.testing.assert_array_equal(again.codes, held.codes)
    np.testing.assert_array_equal(again.scales, held.scales)
    assert again.codes.shape == vectors.shape
    assert again.language == "pt"


def test_cosine_of_unit_vectors_is_kept() -> None:
    vectors = np.random.default_rng(0).normal(size=(500, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    dense = SegmentVectors.quantise(vectors).dense()
    assert ((dense * vectors).sum(axis=1) / np.linalg.norm(dense, axis=1)).min() > 0.9998


@pytest.mark.parametrize("change", [-1, 1])
def test_wrong_length_is_refused(change: int) -> None:
    data = SegmentVectors.quantise(np.ones((2, 3), np.float32)).to_bytes()
    damaged = data[:change] if change < 0 else data + bytes(change)
    with pytest.raises(ValueError, match="2 vectors of 3 dimensions"):
        SegmentVectors.from_bytes(damaged)


@given(arrays(np.float32, (5, 16), elements=st.floats(-1, 1, width=32)))
def test_a_mean_direction_is_a_unit_vector_or_zero(vectors: FloatMatrix) -> None:
    norm = float(np.linalg.norm(mean_direction(vectors)))
    assert norm == pytest.approx(1.0, abs=1e-5) or norm == 0.0


def test_vectors_that_cancel_out_have_no_direction() -> None:
    row = np.array([0.6, 0.8], dtype=np.float32)
    assert not mean_direction(np.stack([row, -row])).any()


def test_unit_rows_keep_directions_and_zeros() -> None:
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0], [1e-12, 0.0]], dtype=np.float32))
    assert rows.tolist() == [pytest.approx([0.6, 0.8]), [0.0, 0.0], [0.0, 0.0]]
    assert rows.dtype == np.float32
