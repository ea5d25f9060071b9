"""The resume store on OpenSearch: one strict index behind a read alias and a write alias.

| name | is |
|---|---|
| `{index}` | alias for reading and searching |
| `{index}-write` | alias for writing; with the first it can move to a new physical index |
| `{index}-000001` | the physical index; its mapping's `_meta` names format and encoder |

A delete leaves a tombstone document, because OpenSearch forgets a deleted version after `index.gc_deletes` (60 s)
and an older version would come back. Reads by id see every confirmed write. Searches see this process's own writes
and what was there at opening; what others write later, within the index's refresh interval (1 s).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opensearchpy.exceptions import NotFoundError, RequestError, TransportError

from indexer.errors import IndexMismatch
from indexer.filters import Filter
from indexer.stores import Change, Known, Outcome, StoredResume
from indexer.stores.opensearch_client import answers, connect, missing, shown
from indexer.stores.opensearch_mapping import (
    FORMAT,
    clauses,
    from_document,
    index_body,
    to_document,
    to_tombstone,
    vectors_of,
)
from indexer.stores.opensearch_writes import Writer
from indexer.stores.records import check_id, check_record
from indexer.vectors import SegmentVectors

LANGUAGES = 1_000  # more than ISO 639-1 has
_PAGE = 2_000
_WHOLE = {"allow_partial_search_results": "false"}  # all shards or an error
_LIVE = {"term": {"deleted": False}}


class OpenSearchStore:
    """`ResumeStore` on a server. Safe for threads and for several writing processes."""

    def __init__(
        self,
        url: str,
        *,
        index: str,
        encoder: str | None = None,
        create: bool = False,
        patience: float = 60.0,
        settle: float = 45.0,
    ) -> None:
        """Open the index behind alias `index`, or `create` it for vectors of `encoder` (a fingerprint).

        `patience`: seconds for which a write, or the read that prepares it, is tried again while the server is away.
        `settle`: seconds after which `changes` tells of a write, see there; 0 is right for a single writer only.
        Raises StoreUnavailable, IndexMissing, or IndexMismatch for another encoder (None: any will do) or format.
        """
        self.url, self.index = url, index
        self.client = connect(url)
        self._settle = int(settle * 1e9)
        self._unseen = True  # there may be writes that a search does not see: this process's, and those before it
        self._writer = Writer(self.client, read_alias=index, write_alias=f"{index}-write", patience=patience)
        with answers(url, index):
            if create and encoder is not None:
                self._create(encoder)
            self._check(encoder)
            self._writer.clock.observe(self._last({"match_all": {}}))

    def known(self, resume_ids: Sequence[str]) -> list[Known | None]:
        with answers(self.url, self.index):
            states = self._writer.patiently(lambda: self._writer.states(resume_ids))
        return [None if state is None else state.known for state in states]

    def put(self, records: Sequence[StoredResume]) -> list[Outcome]:
        """Write durably. Of several records with one id the newest counts, the others are stale.

        Raises BadRecord before anything is written. The server takes each record on its own: after StoreUnavailable
        some may be written, and putting them again is harmless.
        """
        documents: dict[str, dict[str, Any]] = {}
        for record in records:
            check_record(record)
            document, other = to_document(record), documents.get(record.resume.resume_id)
            if other is None or record.resume.version > other["version"]:
                documents[record.resume.resume_id] = document
        chosen = {resume_id: (doc["version"], doc["digest"]) for resume_id, doc in documents.items()}
        outcomes = self._write(documents)
        answer = []
        for record in records:
            version, digest = chosen[record.resume.resume_id]
            if record.resume.version < version:
                answer.append(Outcome.STALE)
            else:  # each outcome is handed out once; a second record of the same version is a repetition
                again = Outcome.UNCHANGED if record.digest == digest else Outcome.CONFLICT
                answer.append(outcomes.pop(record.resume.resume_id, again))
        return answer

    def delete(self, resume_id: str, version: int) -> Outcome:
        """Replace a resume of this or an older version by a tombstone. An unknown id gets a tombstone too."""
        check_id(resume_id)
        return self._write({resume_id: to_tombstone(resume_id, version)})[resume_id]

    def get(self, resume_ids: Sequence[str]) -> list[StoredResume | None]:
        sources = self._live(resume_ids, "record", "vectors")
        return [None if source is None else from_document(source) for source in sources]

    def vectors(self, resume_ids: Sequence[str]) -> list[SegmentVectors | None]:
        sources = self._live(resume_ids, "vectors")
        return [None if source is None else vectors_of(source) for source in sources]

    def changes(self, after: int = 0) -> Iterator[Change]:
        """The latest change of each resume whose sequence is above `after`, in order of sequence.

        Several writers number their changes before the server shows them, so a lower number may appear after a
        higher one, and who has read past it would never hear of it. It appears within the time of one request and
        the difference of the writers' clocks: what is younger than `settle` is therefore not told yet.
        """
        with answers(self.url, self.index):
            self.client.indices.refresh(index=self.index)
        query = {"range": {"change": {**self._settled(), "gt": after}}}
        for hit in self._hits(query, sort="change", fields=["resume_id", "version", "change", "deleted"]):
            source = hit["_source"]
            yield Change(source["change"], source["resume_id"], source["version"], source["deleted"])

    def watermark(self) -> int:
        """Sequence of the last change that `changes` tells, 0 when there is none."""
        return self._last({"range": {"change": self._settled()}})

    def select(self, filters: Sequence[Filter]) -> frozenset[str]:
        self.refresh()
        query = {"bool": {"filter": [_LIVE, *clauses(filters)]}}
        return frozenset(hit["_id"] for hit in self._hits(query, sort="_shard_doc", fields=False))

    def languages(self) -> dict[str, int]:
        counts = {"languages": {"terms": {"field": "language", "size": LANGUAGES}}}
        body = {"size": 0, "query": {"bool": {"filter": [_LIVE]}}, "aggs": counts}
        buckets = self.search(body)["aggregations"]["languages"]["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    def __len__(self) -> int:
        self.refresh()
        with answers(self.url, self.index):
            return int(self.client.count(index=self.index, body={"query": _LIVE})["count"])

    def close(self) -> None:
        self.client.close()

    # For the lexical index, which searches the same documents

    def search(self, body: Mapping[str, Any]) -> Any:
        """One search, all shards or none, that sees this process's own writes."""
        self.refresh()
        with answers(self.url, self.index):
            return self.client.search(index=self.index, body=body, params=_WHOLE)

    def analyse(self, texts: Sequence[str], field: str) -> list[dict[str, Any]]:
        """The tokens that `field` makes of `texts`, all in one list."""
        if not texts:
            return []
        with answers(self.url, self.index):
            answer = self.client.indices.analyze(index=self.index, body={"field": field, "text": list(texts)})
        return list(answer["tokens"])

    def refresh(self) -> None:
        """Make this process's own writes visible to searches."""
        if self._unseen:
            self._unseen = False  # first: a write of another thread may end meanwhile
            with answers(self.url, self.index):
                self.client.indices.refresh(index=self.index)

    # Inside

    def _settled(self) -> dict[str, int]:
        # Without `settle` the clock does not matter, and it may be behind another writer's.
        return {"lte": time.time_ns() - self._settle} if self._settle else {"gt": 0}

    def _last(self, query: Mapping[str, Any]) -> int:
        body = {"size": 1, "query": query, "sort": [{"change": "desc"}], "_source": ["change"]}
        hits = self.search(body | {"track_total_hits": False})["hits"]["hits"]
        return int(hits[0]["_source"]["change"]) if hits else 0

    def _write(self, documents: Mapping[str, dict[str, Any]]) -> dict[str, Outcome]:
        try:
            with answers(self.url, self.index):
                return self._writer.write(documents)
        finally:
            self._unseen = True

    def _live(self, resume_ids: Sequence[str], *fields: str) -> list[Mapping[str, Any] | None]:
        with answers(self.url, self.index):
            sources = list(self._writer.documents(resume_ids, "deleted", *fields))
        return [None if source is None or source["deleted"] else source for source in sources]

    def _hits(self, query: Mapping[str, Any], *, sort: str, fields: list[str] | bool) -> Iterator[dict[str, Any]]:
        """All hits, by pages over a snapshot (point in time)."""
        with answers(self.url, self.index):
            pit = self.client.create_pit(index=self.index, params={"keep_alive": "5m"})["pit_id"]
            body = {"size": _PAGE, "query": query, "sort": [{sort: "asc"}], "_source": fields}
            body |= {"pit": {"id": pit, "keep_alive": "5m"}, "track_total_hits": False}
            try:
                while hits := self.client.search(body=body, params=_WHOLE)["hits"]["hits"]:
                    yield from hits
                    body["search_after"] = hits[-1]["sort"]
            finally:
                with suppress(TransportError):  # it ends by itself
                    self.client.delete_pit(body={"pit_id": [pit]})

    def _create(self, encoder: str) -> None:
        if self.client.indices.exists_alias(name=self.index):
            return
        aliases = {self.index: {}, f"{self.index}-write": {"is_write_index": True}}
        try:
            self.client.indices.create(index=f"{self.index}-000001", body=index_body(encoder) | {"aliases": aliases})
        except RequestError as error:
            if error.error != "resource_already_exists_exception":  # another process was quicker: look at its index
                raise

    def _check(self, encoder: str | None) -> None:
        try:
            (mapping,) = self.client.indices.get_mapping(index=self.index).values()
        except NotFoundError:
            raise missing(self.url, self.index) from None
        meta = mapping["mappings"].get("_meta", {}).get("shortlist")
        where = f"index {self.index!r} on OpenSearch at {shown(self.url)}"
        if meta is None:
            raise IndexMismatch(f"{where} was not made by Shortlist; choose another index name")
        if meta["format"] != FORMAT:
            raise IndexMismatch(
                f"{where} has format {meta['format']}, this version of Shortlist reads format {FORMAT}; "
                "index the resumes again under another name"
            )
        if encoder is not None and meta["encoder"] != encoder:
            raise IndexMismatch(
                f"{where} was written by encoder {meta['encoder']!r}, not by {encoder!r}; "
                "open it with that encoder, or index the resumes again under another name"
            )
