"""Stage one: recall by words and by meaning, fused over exact similarities from the stored vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from indexer.briefs import Brief
from indexer.centring import LanguageMeans
from indexer.filters import Filter
from indexer.stores import DenseIndex, Hit, LexicalIndex, LexicalQuery, ResumeStore
from indexer.vectors import SegmentVectors, mean_direction
from retriever.briefs import BriefEncoder, EncodedBrief
from retriever.fusion import Channel, best, reciprocal_rank_fusion, z_sum
from retriever.similarity import cosine, document_vectors, maxsim

DenseRecall = Literal["resume", "segment", "both"]
Fusion = Literal["z", "rrf"]

_MICRO_BATCH = 128  # resumes whose vectors are floats at one time: bounds memory, whatever the depth
_FEEDBACK = 10  # resumes taken to be relevant by pseudo-relevance feedback


class CentredDenseIndex(DenseIndex, Protocol):
    """A dense index that says by which means its vectors are centred."""

    @property
    def means(self) -> LanguageMeans: ...


@dataclass(frozen=True, slots=True)
class Recall:
    """What stage one found for one brief, list by list, each best first.

    `means` are those that the brief was centred with: a dense index may change to a newer generation at any time.
    `vectors` are those of the resumes in `fused`, in its order, so that nobody has to read them again.
    """

    brief: EncodedBrief
    means: LanguageMeans
    lexical: list[Hit]
    dense: list[Hit]
    fused: list[Hit]
    vectors: list[SegmentVectors]


@dataclass(frozen=True, slots=True)
class FirstStage:
    """Everything that recall needs. `dense_recall` and `fusion` have their defaults from measurement:
    see `benchmarks/results/first_stage.md`."""

    store: ResumeStore
    lexical: LexicalIndex
    dense: CentredDenseIndex
    encoder: BriefEncoder
    dense_recall: DenseRecall = "resume"
    fusion: Fusion = "z"
    feedback: bool = False  # pseudo-relevance feedback, a further channel of the z-score sum

    def __call__(self, brief: Brief, *, depth: int, filters: Sequence[Filter] = ()) -> list[Hit]:
        """The `depth` best resumes for `brief` that pass the filters, best first, ties by id.

        Empty when nothing is indexed or nothing passes. Raises BadRecord for a brief that holds no words.
        """
        return self.recall(brief, depth=depth, filters=filters).fused

    def recall(self, brief: Brief, *, depth: int, filters: Sequence[Filter] = ()) -> Recall:
        """The lexical, the dense and the fused list, each of at most `depth` resumes."""
        means = self.dense.means
        encoded = self.encoder(brief, means)
        lexical = self.lexical.search(lexical_queries(encoded), language=brief.language, depth=depth, filters=filters)
        dense = self._search_dense(encoded, depth, self.store.select(filters) if filters else None)
        found = sorted({hit.resume_id for hit in (*lexical, *dense)})
        # What was deleted since the search is None.
        held = {
            name: vectors for name, vectors in zip(found, self.store.vectors(found), strict=True) if vectors is not None
        }
        if self.fusion == "rrf":
            fused = reciprocal_rank_fusion([lexical, dense], depth=len(found))
        else:
            fused = self._z_sum(encoded, means, held, lexical, cut=len(lexical) == depth)
        fused = [hit for hit in fused if hit.resume_id in held][:depth]
        return Recall(encoded, means, lexical, dense, fused, [held[hit.resume_id] for hit in fused])

    def _search_dense(self, brief: EncodedBrief, depth: int, allowed: frozenset[str] | None) -> list[Hit]:
        lists = []
        if self.dense_recall != "segment":
            lists.append(self.dense.search_resumes(brief.document, depth=depth, allowed=allowed))
        if self.dense_recall != "resume":
            weights = brief.weights.tolist()
            lists.append(self.dense.search_segments(brief.vectors, weights, depth=depth, allowed=allowed))
        return lists[0] if len(lists) == 1 else reciprocal_rank_fusion(lists, depth=depth)

    def _z_sum(
        self,
        brief: EncodedBrief,
        means: LanguageMeans,
        held: Mapping[str, SegmentVectors],
        lexical: Sequence[Hit],
        *,
        cut: bool,
    ) -> list[Hit]:
        """Order the resumes `held` by the sum of z-scores: document cosine + .5 MaxSim + .5 title cosine + .5 BM25.

        `cut` says that the lexical list ends where the depth did, and not with the last match.
        """
        if not held:
            return []
        ids, stored = list(held), list(held.values())
        documents, late = [], []
        for start in range(0, len(stored), _MICRO_BATCH):
            rows = [means.centre_stored(vectors) for vectors in stored[start : start + _MICRO_BATCH]]
            documents.append(document_vectors(rows, len(brief.document)))
            late.append(maxsim(brief.vectors, brief.weights, rows))
        matrix = np.concatenate(documents)
        words = {hit.resume_id: hit.score for hit in lexical}
        # What a cut list leaves out scored at most as much as its last; what a whole list leaves out does not match.
        floor = lexical[-1].score if cut and lexical else 0.0
        same_language = np.array([vectors.language == brief.brief.language for vectors in stored])
        channels = [
            Channel(cosine(brief.document, matrix)),
            Channel(np.concatenate(late), 0.5),
            Channel(cosine(brief.title, matrix), 0.5),
            Channel(np.array([words.get(resume_id, floor) for resume_id in ids]), 0.5, same_language),
        ]
        scores = z_sum(channels)
        if self.feedback:
            top = np.argsort(-scores, kind="stable")[:_FEEDBACK]
            centroid = mean_direction(matrix[top])
            scores = z_sum([*channels, Channel(cosine(centroid, matrix))])
        return best(ids, scores, depth=len(ids))


def lexical_queries(brief: EncodedBrief) -> list[LexicalQuery]:
    """Each requirement as one query with its weight, and the title as one more, as heavy as the heaviest."""
    queries = [LexicalQuery(entry.text, entry.weight) for entry in brief.requirements]
    title = brief.brief.title.strip()
    if title and all(title != entry.text.strip() for entry in brief.requirements):
        queries.append(LexicalQuery(title, max(entry.weight for entry in brief.requirements)))
    return queries
