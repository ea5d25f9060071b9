"""Token windows: long texts split, windows batched by length, pooled vectors brought back to their texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from indexer.vectors import FloatMatrix, unit_rows

Window = list[int]


def split(tokens: Sequence[int], size: int) -> list[Window]:
    """Cut token ids into windows of at most `size`; no token is lost. No tokens give one empty window."""
    return [list(tokens[start : start + size]) for start in range(0, max(len(tokens), 1), size)]


def batches(lengths: Sequence[int], *, rows: int, tokens: int) -> Iterator[list[int]]:
    """Yield positions, longest first, in batches of at most `rows` windows and `tokens` tokens with padding."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) == rows or (len(batch) + 1) * lengths[batch[0]] > tokens):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def encode_windows(
    texts: Sequence[list[Window]],
    pool: Callable[[Iterable[list[Window]]], Iterable[FloatMatrix]],
    *,
    dim: int,
    rows: int,
    tokens: int,
) -> FloatMatrix:
    """Return float32 `[len(texts), dim]`, unit rows: each text's window vectors averaged by window length.

    `pool` turns each batch of windows into float32 `[len(batch), dim]`, in order.
    """
    windows = [window for text in texts for window in text]
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    sums = np.zeros((len(texts), dim), dtype=np.float32)
    cut = list(batches([len(window) for window in windows], rows=rows, tokens=tokens))
    pooled = pool([windows[i] for i in batch] for batch in cut)
    for batch, vectors in zip(cut, pooled, strict=True):
        weights = np.array([max(len(windows[i]), 1) for i in batch], dtype=np.float32)
        np.add.at(sums, owner[batch], weights[:, None] * vectors)
    return unit_rows(sums)
