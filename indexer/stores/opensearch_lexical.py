"""Words on OpenSearch: BM25 over the documents that the store wrote, so nothing has to catch up."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from indexer.errors import IndexMismatch
from indexer.filters import Filter
from indexer.stores import Hit, LexicalQuery, ResumeStore
from indexer.stores.opensearch import OpenSearchStore
from indexer.stores.opensearch_mapping import clauses, text_field

_WINDOW = 10_000  # hits a request, `index.max_result_window`
_TERMS = 1_000  # the server refuses a query of more than 1,024 clauses, however they are nested


class OpenSearchLexical:
    """`LexicalIndex` over an `OpenSearchStore`; closing and clearing are the store's business."""

    def __init__(self, store: OpenSearchStore) -> None:
        self._store = store

    def catch_up(self, store: ResumeStore) -> int:
        """Make the store's own writes visible; there is nothing else to apply, so the answer is 0."""
        if store is not self._store:
            raise IndexMismatch("words on OpenSearch are searched where the resumes are kept; use its own store")
        self._store.refresh()
        return 0

    def watermark(self) -> int:
        return self._store.watermark()

    def search(
        self, queries: Sequence[LexicalQuery], *, language: str, depth: int, filters: Sequence[Filter] = ()
    ) -> list[Hit]:
        """The `depth` best resumes by the weighted sum of the queries' BM25. A word counts once in a query.

        The text is words, not syntax. Of a brief with more than 1,000 different words the heaviest count.
        """
        field = text_field(language)
        words = [
            {"term": {field: {"value": term, "boost": boost}}} for term, boost in self._boosts(queries, field).items()
        ]
        body: dict[str, Any] = {
            "query": {
                "bool": {
                    "filter": [{"term": {"language": language}}, *clauses(filters)],
                    "should": words,
                    "minimum_should_match": 1,
                }
            },
            "sort": [{"_score": "desc"}, {"resume_id": "asc"}],
            "_source": False,
            "track_total_hits": False,
        }
        hits: list[dict[str, Any]] = []
        while words and len(hits) < depth:
            body["size"] = min(_WINDOW, depth - len(hits))
            page = self._store.search(body)["hits"]["hits"]
            hits += page
            if len(page) < body["size"]:
                break
            body["search_after"] = page[-1]["sort"]
        return [Hit(hit["_id"], hit["sort"][0]) for hit in hits]

    def clear(self) -> None:
        """Nothing: the words are part of the store's documents."""

    def close(self) -> None:
        """Nothing: the store closes the connection."""

    def _boosts(self, queries: Sequence[LexicalQuery], field: str) -> dict[str, float]:
        """Each different term with the sum of the weights of the queries that hold it.

        A weighted sum over queries is a weighted sum over terms: one clause a term, where a `match` a query would
        need one for each repetition, and long briefs would exceed what the server takes.
        """
        # The analyser numbers characters through all texts, in UTF-16 units and one apart from text to text.
        starts = list(accumulate((len(query.text.encode("utf-16-le")) // 2 + 1 for query in queries), initial=0))
        held: list[set[str]] = [set() for _ in queries]
        for token in self._store.analyse([query.text for query in queries], field):
            held[bisect_right(starts, token["start_offset"]) - 1].add(token["token"])
        boosts: defaultdict[str, float] = defaultdict(float)
        for query, terms in zip(queries, held, strict=True):
            for term in terms:
                boosts[term] += query.weight
        return dict(sorted(boosts.items(), key=lambda item: (-item[1], item[0]))[:_TERMS])
