"""Both stages: brief in, ranking out."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.briefs import Brief
from indexer.filters import Filter
from indexer.stores import Hit
from reranker.ranking import Ranking
from reranker.reranker import Reranker
from retriever.first_stage import FirstStage, Recall
from retriever.runs import Scored

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
        return self._rerank(recall, recall.fused, k)

    def stages(self, brief: Brief, *, depth: int) -> dict[str, Sequence[Scored]]:
        """What each stage makes of `brief`, `depth` resumes deep, by the names of `STAGES`."""
        recall = self.first_stage.recall(brief, depth=depth)
        ranking = self._rerank(recall, recall.fused, depth)
        return dict(zip(STAGES, (recall.lexical, recall.dense, recall.fused, ranking.items), strict=True))

    def _rerank(self, recall: Recall, hits: Sequence[Hit], k: int) -> Ranking:
        held = self.first_stage.store.get([hit.resume_id for hit in hits])
        resumes = [record for record in held if record is not None]  # one may be erased since stage one saw it
        return self.reranker(recall.brief, resumes, self.first_stage.dense.means, k=k)
