"""Fusion of ranked lists: by reciprocal rank, and by a weighted sum of z-scores over the candidates."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.stores import Hit

Scores = NDArray[np.floating]


def reciprocal_rank_fusion(lists: Sequence[Sequence[Hit]], *, depth: int, k: int = 60) -> list[Hit]:
    """The `depth` best ids by the sum over lists of `1 / (k + rank)`; ties by id.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion" (SIGIR 2009), whose k = 60 is kept.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for hits in lists:
        for rank, hit in enumerate(hits, start=1):
            scores[hit.resume_id] += 1.0 / (k + rank)
    return best(list(scores), np.array(list(scores.values())), depth=depth)


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One way of scoring `n` candidates: `values` `[n]`, and `applies` `[n]` where it has something to say.

    Lexical scores, for one, say nothing of a resume in another language.
    """

    values: Scores
    weight: float = 1.0
    applies: NDArray[np.bool_] | None = None


def z_scores(channel: Channel) -> Scores:
    """Standardise over the candidates that the channel applies to, `[n]`; 0 elsewhere and for equal values.

    Zero is the mean: where a channel says nothing, a candidate is neither helped nor punished.
    """
    applies = np.ones(len(channel.values), dtype=bool) if channel.applies is None else channel.applies
    scores = np.zeros(len(channel.values))
    held = channel.values[applies].astype(np.float64)
    if len(held):
        deviations = held - held.mean()
        spread = deviations.std()
        # Equal values may leave a spread of rounding errors, which must not be blown up to 1.
        if spread > 1e-9 * max(1.0, float(np.abs(held).max())):
            scores[applies] = deviations / spread
    return scores


def z_sum(channels: Sequence[Channel]) -> Scores:
    """The weighted sum `[n]` of the channels' z-scores; at least one channel."""
    total: Scores = np.sum([channel.weight * z_scores(channel) for channel in channels], axis=0)
    return total


def best(resume_ids: Sequence[str], scores: Scores, *, depth: int) -> list[Hit]:
    """The `depth` highest scored ids, best first, ties by id."""
    order = sorted(range(len(resume_ids)), key=lambda row: (-scores[row], resume_ids[row]))
    return [Hit(resume_ids[row], float(scores[row])) for row in order[:depth]]
