"""Writes to OpenSearch that may be repeated, raced and cut off, and still end in the same state.

Every write carries the resume's own version (`version_type: external`), so the server refuses an older one.
What a write means is decided on the state read just before it; when somebody else was quicker, the server answers
409 and it is decided anew. Every document holds its place in the change log, `change`: the time of the write in
nanoseconds, and always above the `change` that it replaces (a hybrid logical clock).
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from opensearchpy import OpenSearch, TransportError, helpers

from indexer.errors import StoreUnavailable
from indexer.stores import Known, Outcome
from indexer.stores.opensearch_client import TRANSIENT_STATUS, transient

T = TypeVar("T")

_CHUNK_BYTES = 10_000_000
_REJECTED_RETRIES = 2  # of items that a full queue turned away, 1 and 2 seconds apart; then `patience` decides
_READ = 500  # documents a request


@dataclass(frozen=True, slots=True)
class State:
    """What is held under an id, with its place in the change log."""

    known: Known
    change: int


class Clock:
    """Numbers for the change log: strictly rising in one process, near the wall clock in all of them."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def observe(self, change: int) -> None:
        """Never again hand out a number up to `change`."""
        with self._lock:
            self._last = max(self._last, change)

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return self._last


class Writer:
    """Writes whole documents under `alias`, for up to `patience` seconds each call while the server is away."""

    def __init__(self, client: OpenSearch, *, read_alias: str, write_alias: str, patience: float) -> None:
        self._client = client
        self._read_alias = read_alias
        self._write_alias = write_alias
        self._patience = patience
        self.clock = Clock()

    def patiently(self, action: Callable[[], T]) -> T:
        """Repeat `action` with growing pauses while the server is away or overloaded; then raise its last error."""
        for attempt in stamina.retry_context(
            on=transient, attempts=None, timeout=self._patience, wait_initial=0.2, wait_max=5.0, wait_jitter=0.5
        ):
            with attempt:
                return action()
        raise AssertionError("unreachable")

    def documents(self, resume_ids: Iterable[str], *fields: str) -> Iterator[Mapping[str, Any] | None]:
        """The given `_source` fields of each id, as last written (no refresh needed), in the order asked for."""
        asked = list(resume_ids)
        for start in range(0, len(asked), _READ):
            answer = self._client.mget(
                index=self._read_alias,
                body={"ids": asked[start : start + _READ]},
                params={"_source_includes": ",".join(fields)},
            )
            for document in answer["docs"]:
                if "error" in document:  # the shard is not up (yet)
                    raise TransportError(503, document["error"]["type"], document)
                yield document["_source"] if document["found"] else None

    def states(self, resume_ids: Iterable[str]) -> list[State | None]:
        """What is held under each id."""
        return [
            None
            if source is None
            else State(Known(source["version"], source["digest"], source["deleted"]), source["change"])
            for source in self.documents(resume_ids, "version", "digest", "deleted", "change")
        ]

    def write(self, documents: Mapping[str, dict[str, Any]]) -> dict[str, Outcome]:
        """Write documents by id, and say what became of each. An id is in the answer only when that is certain."""
        pending, settled = dict(documents), dict[str, Outcome]()
        sent: dict[tuple[str, int], Outcome] = {}  # our own writes, to know them again after a lost answer

        def settle() -> None:
            while pending:
                self._pass(pending, settled, sent)

        self.patiently(settle)
        return settled

    def _pass(
        self, pending: dict[str, dict[str, Any]], settled: dict[str, Outcome], sent: dict[tuple[str, int], Outcome]
    ) -> None:
        wanted: dict[str, Outcome] = {}
        for resume_id, state in zip(list(pending), self.states(pending), strict=True):
            if state is not None and (resume_id, state.change) in sent:
                settled[resume_id] = sent[resume_id, state.change]
                continue
            outcome, needed = _decide(pending[resume_id], None if state is None else state.known)
            if not needed:
                settled[resume_id] = outcome
                continue
            if state is not None:
                self.clock.observe(state.change)
            wanted[resume_id] = outcome

        def numbered() -> Iterator[Mapping[str, Any]]:  # at the last moment: others must not wait long for a number
            for resume_id, outcome in wanted.items():
                pending[resume_id]["change"] = change = self.clock.next()
                sent[resume_id, change] = outcome
                yield pending[resume_id]

        turned_away: TransportError | None = None
        for resume_id, status, reason in self._bulk(numbered()):
            if status < 300:
                settled[resume_id] = wanted[resume_id]
            elif status in TRANSIENT_STATUS:
                turned_away = TransportError(status, reason, {})
            elif status != 409:  # 409: somebody else was quicker; the next pass looks again
                raise StoreUnavailable(
                    f"OpenSearch does not take resume {resume_id!r} into {self._write_alias!r} ({status}): {reason}; "
                    "look at the index's mapping and the server's log, then run again"
                )
        for resume_id in settled:
            pending.pop(resume_id, None)
        if turned_away is not None:
            raise turned_away

    def _bulk(self, documents: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
        actions = (
            {
                "_op_type": "index",
                "_index": self._write_alias,
                "_id": document["resume_id"],
                "version": document["version"],
                # A resume may be deleted at the very version that it has.
                "version_type": "external_gte" if document["deleted"] else "external",
                "_source": document,
            }
            for document in documents
        )
        for _, item in helpers.streaming_bulk(
            self._client,
            actions,
            max_chunk_bytes=_CHUNK_BYTES,
            raise_on_error=False,
            max_retries=_REJECTED_RETRIES,
            initial_backoff=1,
            max_backoff=2,
            params={"require_alias": "true"},
        ):
            (answer,) = item.values()
            error = answer.get("error") or {}
            yield answer["_id"], answer["status"], " ".join(f"{error.get('type')}: {error.get('reason')}".split())[:300]


def _decide(new: Mapping[str, Any], held: Known | None) -> tuple[Outcome, bool]:
    """What writing `new` over `held` amounts to, and whether it needs a write."""
    if held is None:
        return Outcome.WRITTEN, True
    version: int = new["version"]
    if new["deleted"]:
        if version < held.version:
            return Outcome.STALE, False
        return (Outcome.UNCHANGED, version > held.version) if held.deleted else (Outcome.WRITTEN, True)
    if version < held.version or (held.deleted and version == held.version):
        return Outcome.STALE, False
    if not held.deleted and new["digest"] == held.digest:
        return Outcome.UNCHANGED, version > held.version
    return (Outcome.WRITTEN, True) if version > held.version else (Outcome.CONFLICT, False)
