"""Pairs of brief and resume to fit and evidence, without an index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.briefs import Brief
from indexer.centring import LanguageMeans
from indexer.encoders import Encoder
from indexer.indexing import encode_resumes
from indexer.resumes import Resume, Segment
from indexer.stores import StoredResume
from reranker.ranking import RankedResume
from reranker.reranker import Reranker
from retriever.briefs import BriefEncoder


@dataclass(frozen=True, slots=True)
class PairScorer:
    """Scores pairs, each on its own: centred by the means that ship with the encoder, not by the pairs at hand."""

    encoder: Encoder
    brief_encoder: BriefEncoder
    reranker: Reranker
    means: LanguageMeans

    def __call__(self, pairs: Sequence[tuple[Brief, Resume]]) -> list[RankedResume]:
        """One result a pair, in order. A resume that occurs in several pairs is encoded once.

        Resumes are encoded one by one: in int8 a vector depends a little on its batch mates (fits differ by .003; in
        bf16 vectors differ a tenth as much), and the result of a pair must not depend on the others. In int8 that
        takes 1.6 times as long as batches over resumes.
        """
        records: dict[tuple[str, tuple[Segment, ...]], StoredResume] = {}
        results: list[RankedResume] = []
        for brief, resume in pairs:
            key = (resume.text, resume.segments)
            if key not in records:
                records[key] = encode_resumes([resume], self.encoder)[0]
            record = replace(records[key], resume=resume)
            encoded = self.brief_encoder(brief, self.means)
            results += self.reranker(encoded, [record], self.means).items
        return results
