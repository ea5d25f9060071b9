"""Stage two: score resumes against a brief, in micro-batches, and give the reasons."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.centring import LanguageMeans
from indexer.resumes import Resume
from indexer.stores import StoredResume
from indexer.threads import one_torch_thread_each, usable_cores
from indexer.vectors import FloatMatrix, SegmentVectors
from reranker.fit import Logistic
from reranker.model import Interaction, LateInteraction
from reranker.ranking import Evidence, RankedResume, Ranking, RequirementFit, order
from retriever.briefs import EncodedBrief

MICRO_BATCH = 48  # resumes; one batch of 512 runs 2.5 times slower on a CPU, where it leaves the cache


@dataclass(frozen=True, slots=True)
class Reranker:
    """Ranks resumes by late interaction. A resume's score depends on the brief and on itself alone.

    `fit` maps the score to the resume's fit, `requirement_fit` a requirement's best cosine to its fit. A segment
    is evidence when it alone would give the requirement a fit of at least `support`.
    """

    model: LateInteraction
    fit: Logistic
    requirement_fit: Logistic
    support: float = 0.5
    executor: Executor = field(default_factory=lambda: one_torch_thread_each(usable_cores()))

    def scores(self, brief: EncodedBrief, resumes: Sequence[SegmentVectors], means: LanguageMeans) -> list[float]:
        """The score of each resume, in the order given. `means` must be those that `brief` was centred with."""
        scores = [0.0] * len(resumes)
        for rows, interaction in self._interactions(brief, resumes, means):
            for place, row in enumerate(rows):
                scores[row] = _score(interaction, place)
        return scores

    def __call__(self, brief: EncodedBrief, resumes: Sequence[StoredResume], means: LanguageMeans) -> Ranking:
        """Rank `resumes`, best first, with fit and evidence; `means` as for `scores`."""
        items = [
            self._explain(brief, resumes[row].resume, interaction, place)
            for rows, interaction in self._interactions(brief, [record.vectors for record in resumes], means)
            for place, row in enumerate(rows)
        ]
        return Ranking(brief.brief.brief_id, order(items))

    def _interactions(
        self, brief: EncodedBrief, resumes: Sequence[SegmentVectors], means: LanguageMeans
    ) -> Iterator[tuple[NDArray[np.int64], Interaction]]:
        """Micro-batches of resumes of like length, with what the model says of them."""
        requirements = torch.from_numpy(brief.vectors)
        weights = torch.from_numpy(brief.weights)
        title = torch.from_numpy(brief.title)
        by_length = np.argsort([len(vectors) for vectors in resumes], kind="stable")
        batches = [by_length[start : start + MICRO_BATCH] for start in range(0, len(resumes), MICRO_BATCH)]

        def compare(rows: NDArray[np.int64]) -> Interaction:
            segments, mask = _pad([means.centre_stored(resumes[row]) for row in rows], requirements.shape[1])
            with torch.inference_mode():
                found: Interaction = self.model(requirements, weights, title, segments, mask)
            return found

        return zip(batches, self.executor.map(compare, batches), strict=True)

    def _explain(self, brief: EncodedBrief, resume: Resume, interaction: Interaction, place: int) -> RankedResume:
        score = _score(interaction, place)
        best = interaction.best[place].tolist()
        nearest = zip(interaction.similarity[place].tolist(), interaction.segment[place].tolist(), strict=True)
        requirements = tuple(
            RequirementFit(
                requirement.text,
                requirement.kind,
                requirement.weight,
                self.requirement_fit(similarity),
                tuple(self._evidence(resume, *near)),
            )
            for requirement, similarity, near in zip(brief.requirements, best, nearest, strict=True)
        )
        return RankedResume(resume.resume_id, score, self.fit(score), requirements)

    def _evidence(self, resume: Resume, similarities: list[float], indices: list[int]) -> Iterator[Evidence]:
        for similarity, index in zip(similarities, indices, strict=True):
            if self.requirement_fit(similarity) >= self.support:
                segment = resume.segments[index]
                yield Evidence(segment.text, segment.kind, segment.start, segment.end, similarity)


def _score(interaction: Interaction, place: int) -> float:
    # Six places: rounding errors of other batch shapes (1e-7) must not order equal resumes.
    return round(float(interaction.score[place]), 6)


def _pad(rows: Sequence[FloatMatrix], dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack ragged `[m_i, dim]` to `[b, max m, dim]` and a mask `[b, max m]`; at least one column."""
    width = max(1, *(len(row) for row in rows))
    segments = torch.zeros(len(rows), width, dim)
    mask = torch.zeros(len(rows), width, dtype=torch.bool)
    for index, row in enumerate(rows):
        segments[index, : len(row)] = torch.from_numpy(row)
        mask[index, : len(row)] = True
    return segments, mask
