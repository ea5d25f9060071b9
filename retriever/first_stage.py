"""Stage one: recall by words and by meaning, fused over exact similarities from the stored vectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from indexer.briefs import Brief
from indexer.centring import LanguageMeans
from indexer.filters import Filter
from indexer.stores import DenseIndex, Hit, LexicalIndex, LexicalQuery, ResumeStore
from indexer.vectors import FloatMatrix
from retriever.briefs import BriefEncoder, EncodedBrief
from retriever.fusion import Channel, best, reciprocal_rank_fusion, z_sum
from retriever.similarity import cosine, document_vectors, maxsim, mean_direction

DenseRecall = Literal["resume", "segment", "both"]
Fusion = Literal["z", "rrf"]

_MICRO_BATCH = 128  # resumes read and centred at once: bounds memory, whatever the depth
_FEEDBACK = 10  # resumes taken to be relevant by pseudo-relevance feedback


class CentredDenseIndex(DenseIndex, Protocol):
    """A dense index that says by which means its vectors are centred."""

    @property
    def means(self) -> LanguageMeans: ...


@dataclass(frozen=True, slots=True)
class Recall:
    """What stage one found for one brief, list by list, each best first.

    `means` are those that the brief was centred with: a dense index may change to a newer generation at any time.
    """

    brief: EncodedBrief
    means: LanguageMeans
    lexical: list[Hit]
    dense: list[Hit]
    fused: list[Hit]


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
        if self.fusion == "rrf":
            fused = reciprocal_rank_fusion([lexical, dense], depth=depth)
        else:
            fused = self._fuse(encoded, means, lexical, dense, depth)
        return Recall(encoded, means, lexical, dense, fused)

    def _search_dense(self, brief: EncodedBrief, depth: int, allowed: frozenset[str] | None) -> list[Hit]:
        lists = []
        if self.dense_recall != "segment":
            lists.append(self.dense.search_resumes(brief.document, depth=depth, allowed=allowed))
        if self.dense_recall != "resume":
            weights = brief.weights.tolist()
            lists.append(self.dense.search_segments(brief.vectors, weights, depth=depth, allowed=allowed))
        return lists[0] if len(lists) == 1 else reciprocal_rank_fusion(lists, depth=depth)

    def _fuse(
        self, brief: EncodedBrief, means: LanguageMeans, lexical: Sequence[Hit], dense: Sequence[Hit], depth: int
    ) -> list[Hit]:
        """Sum of z-scores over the union of the lists: document cosine + .5 MaxSim + .5 title cosine + .5 BM25."""
        words = {hit.resume_id: hit.score for hit in lexical}
        # A full list was cut: what is not in it scored at most as much as its last. A short one holds every match.
        floor = lexical[-1].score if len(lexical) == depth else 0.0
        ids: list[str] = []
        documents: list[FloatMatrix] = []
        columns: list[FloatMatrix] = []
        same_language: list[bool] = []
        for names, languages, resumes in self._read(sorted(words.keys() | {hit.resume_id for hit in dense}), means):
            ids += names
            same_language += [language == brief.brief.language for language in languages]
            documents.append(document_vectors(resumes, len(brief.document)))
            columns.append(maxsim(brief.vectors, brief.weights, resumes))
        if not ids:
            return []
        matrix = np.concatenate(documents)
        bm25 = np.array([words.get(resume_id, floor) for resume_id in ids])
        channels = [
            Channel(cosine(brief.document, matrix)),
            Channel(np.concatenate(columns), 0.5),
            Channel(cosine(brief.title, matrix), 0.5),
            Channel(bm25, 0.5, np.array(same_language)),
        ]
        scores = z_sum(channels)
        if self.feedback:
            top = np.argsort(-scores, kind="stable")[:_FEEDBACK]
            centroid = mean_direction(matrix[top])
            scores = z_sum([*channels, Channel(cosine(centroid, matrix))])
        return best(ids, scores, depth=depth)

    def _read(
        self, resume_ids: Sequence[str], means: LanguageMeans
    ) -> Iterator[tuple[list[str], list[str], list[FloatMatrix]]]:
        """Ids, languages and centred segment vectors `[n, dim]`, a micro-batch at a time. What was deleted since
        the search is left out."""
        for start in range(0, len(resume_ids), _MICRO_BATCH):
            records = [entry for entry in self.store.get(resume_ids[start : start + _MICRO_BATCH]) if entry is not None]
            yield (
                [entry.resume.resume_id for entry in records],
                [entry.resume.language for entry in records],
                [means.centre(entry.vectors.dense(), entry.resume.language, "passage") for entry in records],
            )


def lexical_queries(brief: EncodedBrief) -> list[LexicalQuery]:
    """Each requirement as one query with its weight, and the title as one more, as heavy as the heaviest."""
    queries = [LexicalQuery(entry.text, entry.weight) for entry in brief.requirements]
    title = brief.brief.title.strip()
    if title and all(title != entry.text.strip() for entry in brief.requirements):
        queries.append(LexicalQuery(title, max(entry.weight for entry in brief.requirements)))
    return queries
