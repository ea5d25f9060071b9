from hypothesis import given
from hypothesis import strategies as st

from indexer.encoders.windows import batches, split


@given(st.lists(st.integers(0, 9), max_size=50), st.integers(1, 12))
def test_split_loses_no_token(tokens: list[int], size: int) -> None:
    windows = split(tokens, size)
    assert [token for window in windows for token in window] == tokens
    assert windows
    assert all(len(window) <= size for window in windows)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 8), st.integers(1, 100))
def test_batches_hold_each_position_once_within_bounds(lengths: list[int], rows: int, tokens: int) -> None:
    found = list(batches(lengths, rows=rows, tokens=tokens))
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        widest = max(lengths[position] for position in batch)
        assert len(batch) == 1 or (len(batch) <= rows and len(batch) * widest <= tokens)
