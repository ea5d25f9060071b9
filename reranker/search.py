"""Both stages: brief in, ranking out."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.briefs import Brief
from indexer.filters import Filter
from indexer.stores import Hit
from reranker.ranking import Ranking
from reranker.reranker import Reranker
from retriever.first_stage import FirstStage, Recall

STAGES = ("lexical", "dense", "fused", "re-ranked")


@dataclass(frozen=True, slots=True)
class Searcher:
    """Recall, then re-rank. Safe to share between threads if its parts are."""

    first_stage: FirstStage
    reranker: Reranker

    def __call__(self, brief: Brief, *, depth: int = 300, k: int = 20, filters: Sequence[Filter] = ()) -> Ranking:
        """Return the `k` resumes that best answer `brief`, best first, with evidence.

        Stage one recalls `depth` resumes that pass `filters`; fewer come back when fewer pass.
        """
        recall = self.first_stage.recall(brief, depth=max(depth, k), filters=filters)
        ids = [hit.resume_id for hit in self._reranked(recall)[:k]]
        # Read last, and scored again with what was read: text and vectors of a resume that was changed or erased
        # meanwhile never mix.
        resumes = [record for record in self.first_stage.store.get(ids) if record is not None]
        return self.reranker(recall.brief, resumes, recall.means)

    def stages(self, brief: Brief, *, depth: int) -> dict[str, list[Hit]]:
        """What each stage makes of `brief`, `depth` resumes deep, by the names of `STAGES`."""
        recall = self.first_stage.recall(brief, depth=depth)
        return dict(zip(STAGES, (recall.lexical, recall.dense, recall.fused, self._reranked(recall)), strict=True))

    def _reranked(self, recall: Recall) -> list[Hit]:
        scores = self.reranker.scores(recall.brief, recall.vectors, recall.means)
        hits = [Hit(hit.resume_id, score) for hit, score in zip(recall.fused, scores, strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.resume_id))
