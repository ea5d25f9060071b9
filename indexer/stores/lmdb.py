"""The embedded resume store: one LMDB environment, one write transaction for each `put`.

| database | key | value |
|---|---|---|
| resumes | id | record without vectors, compressed (`records.encode_resume`) |
| vectors | id | `SegmentVectors.to_bytes` |
| states | id | sequence, version, deleted, digest; stays as a tombstone after a delete |
| changes | sequence | id; one entry for each resume, the latest |
| terms | filter field and value | ids (duplicates), for `select` and `languages` |

Many processes may read while one writes. An environment must not be used across a fork.
"""

import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import lmdb

from indexer.errors import IndexBusy, IndexMissing, StoreUnavailable
from indexer.filters import Filter
from indexer.stores import Change, Known, Outcome, StoredResume
from indexer.stores.lmdb_terms import Terms, all_keys
from indexer.stores.records import check_id, check_record, decode_resume, encode_resume
from indexer.vectors import SegmentVectors

T = TypeVar("T")

MAP_SIZE = 2**30  # bytes of address space to start with, about 40,000 resumes; it doubles when full
_PAGE = 1_000  # changes read in one transaction: a long one would keep freed pages from being used again
_STATE = struct.Struct("<QqB")  # sequence, version, deleted; the digest follows
_SEQUENCE = struct.Struct(">Q")  # big endian, so that keys sort by number


class LmdbStore:
    """`ResumeStore` in one folder. Safe for threads; raises StoreUnavailable when the device has no room."""

    def __init__(self, path: Path, *, readonly: bool = False, map_size: int = MAP_SIZE) -> None:
        """Open `path`, creating it unless `readonly`. Raises IndexMissing, IndexBusy or StoreUnavailable."""
        self._path = path
        # LMDB allows no transaction of this process while the map is resized.
        self._lock = threading.RLock()
        if readonly and not (path / "data.mdb").exists():
            raise IndexMissing(f"no resume store in {str(path)!r}; make one with `shortlist index`")
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._env = lmdb.open(str(path), readonly=readonly, map_size=map_size, max_dbs=5)
        except (lmdb.Error, OSError) as error:
            if "already open in this process" in str(error):
                raise IndexBusy(f"store {str(path)!r} is open in this process already; close it first") from None
            raise self._unavailable(error) from error
        try:
            self._env.reader_check()  # frees the places of readers that were killed
            names = (b"resumes", b"vectors", b"states", b"changes")
            self._resumes, self._vectors, self._states, self._changes = (
                self._env.open_db(name, create=not readonly) for name in names
            )
            self._terms = Terms(self._env.open_db(b"terms", create=not readonly, dupsort=True))
        except (lmdb.Error, OSError) as error:
            self._env.close()
            if isinstance(error, lmdb.NotFoundError):
                raise IndexMissing(f"resume store {str(path)!r} is not made yet; run `shortlist index` again") from None
            raise self._unavailable(error) from error

    def known(self, resume_ids: Sequence[str]) -> list[Known | None]:
        with self._read() as txn:
            states = [self._state(txn, check_id(resume_id)) for resume_id in resume_ids]
        return [state and state[1] for state in states]

    def put(self, records: Sequence[StoredResume]) -> list[Outcome]:
        """Write durably, all or nothing. Of several records with one id the newest counts, the others are stale.

        Raises BadRecord for an id, a version or a text that cannot be kept, before anything is written.
        """
        encoded = [(check_record(record), record, encode_resume(record)) for record in records]
        newest: dict[bytes, int] = {}
        for position, (key, record, _) in enumerate(encoded):
            if key not in newest or record.resume.version > encoded[newest[key]][1].resume.version:
                newest[key] = position

        def write(txn: lmdb.Transaction) -> list[Outcome]:
            outcomes = []
            for position, (key, record, data) in enumerate(encoded):
                best = encoded[newest[key]][1]
                if position == newest[key]:
                    outcomes.append(self._put(txn, key, record, data))
                elif record.resume.version < best.resume.version:
                    outcomes.append(Outcome.STALE)
                else:
                    outcomes.append(Outcome.UNCHANGED if record.digest == best.digest else Outcome.CONFLICT)
            return outcomes

        return self._write(write)

    def delete(self, resume_id: str, version: int) -> Outcome:
        """Remove a resume of this or an older version; the tombstone stays. An unknown id gets a tombstone too."""
        key = check_id(resume_id)

        def write(txn: lmdb.Transaction) -> Outcome:
            state = self._state(txn, key)
            if state is not None:
                sequence, held = state
                if held.version > version:
                    return Outcome.STALE
                if held.deleted:
                    self._set_state(txn, key, sequence, Known(version, "", True))
                    return Outcome.UNCHANGED
                self._remove_terms(txn, key)
                txn.delete(key, db=self._resumes)
                txn.delete(key, db=self._vectors)
            self._log(txn, key, Known(version, "", True), state and state[0])
            return Outcome.WRITTEN

        return self._write(write)

    def get(self, resume_ids: Sequence[str]) -> list[StoredResume | None]:
        with self._read() as txn:
            return [self._get(txn, check_id(resume_id)) for resume_id in resume_ids]

    def vectors(self, resume_ids: Sequence[str]) -> list[SegmentVectors | None]:
        with self._read() as txn:
            held = [txn.get(check_id(resume_id), db=self._vectors) for resume_id in resume_ids]
        return [None if data is None else SegmentVectors.from_bytes(data) for data in held]

    def changes(self, after: int = 0) -> Iterator[Change]:
        while page := self._page(after):
            yield from page
            after = page[-1].sequence

    def watermark(self) -> int:
        with self._read() as txn:
            return self._last(txn)

    def select(self, filters: Sequence[Filter]) -> frozenset[str]:
        with self._read() as txn:
            passing = [self._terms.passing(txn, self._resumes, condition) for condition in filters]
            keys = set.intersection(*passing) if passing else all_keys(txn, self._resumes)
        return frozenset(key.decode() for key in keys)

    def languages(self) -> dict[str, int]:
        with self._read() as txn:
            return self._terms.counts(txn, "language")

    def __len__(self) -> int:
        with self._read() as txn:
            return int(txn.stat(self._resumes)["entries"])

    def close(self) -> None:
        with self._lock:
            self._env.close()

    # One record inside a transaction

    def _put(self, txn: lmdb.Transaction, key: bytes, record: StoredResume, data: bytes) -> Outcome:
        new = Known(record.resume.version, record.digest, False)
        state = self._state(txn, key)
        if state is not None:
            sequence, held = state
            if new.version < held.version or (held.deleted and new.version == held.version):
                return Outcome.STALE
            if not held.deleted and new.digest == held.digest:
                self._set_state(txn, key, sequence, new)
                return Outcome.UNCHANGED
            if not held.deleted and new.version == held.version:
                return Outcome.CONFLICT
            if not held.deleted:
                self._remove_terms(txn, key)
        txn.put(key, data, db=self._resumes)
        txn.put(key, record.vectors.to_bytes(), db=self._vectors)
        self._terms.add(txn, key, record.resume)
        self._log(txn, key, new, state and state[0])
        return Outcome.WRITTEN

    def _get(self, txn: lmdb.Transaction, key: bytes) -> StoredResume | None:
        data, vectors = txn.get(key, db=self._resumes), txn.get(key, db=self._vectors)
        state = self._state(txn, key)
        if data is None or vectors is None or state is None:
            return None
        record = decode_resume(data, SegmentVectors.from_bytes(vectors))
        # The version may have been raised since, by a record with the same content.
        return replace(record, resume=replace(record.resume, version=state[1].version))

    def _remove_terms(self, txn: lmdb.Transaction, key: bytes) -> None:
        held = self._get(txn, key)
        if held is not None:
            self._terms.remove(txn, key, held.resume)

    def _state(self, txn: lmdb.Transaction, key: bytes) -> tuple[int, Known] | None:
        data = txn.get(key, db=self._states)
        if data is None:
            return None
        sequence, version, deleted = _STATE.unpack_from(data)
        return sequence, Known(version, bytes(data[_STATE.size :]).decode(), bool(deleted))

    def _set_state(self, txn: lmdb.Transaction, key: bytes, sequence: int, known: Known) -> None:
        txn.put(key, _STATE.pack(sequence, known.version, known.deleted) + known.digest.encode(), db=self._states)

    def _log(self, txn: lmdb.Transaction, key: bytes, known: Known, replaced: int | None) -> None:
        sequence = self._last(txn) + 1
        if replaced is not None:
            txn.delete(_SEQUENCE.pack(replaced), db=self._changes)
        txn.put(_SEQUENCE.pack(sequence), key, db=self._changes)
        self._set_state(txn, key, sequence, known)

    def _last(self, txn: lmdb.Transaction) -> int:
        cursor = txn.cursor(self._changes)
        return int(_SEQUENCE.unpack(cursor.key())[0]) if cursor.last() else 0

    def _page(self, after: int) -> list[Change]:
        page: list[Change] = []
        with self._read() as txn:
            cursor = txn.cursor(self._changes)
            if cursor.set_range(_SEQUENCE.pack(after + 1)):
                for sequence, key in cursor:
                    state = self._state(txn, bytes(key))
                    assert state is not None
                    known = state[1]
                    page.append(
                        Change(_SEQUENCE.unpack(sequence)[0], bytes(key).decode(), known.version, known.deleted)
                    )
                    if len(page) == _PAGE:
                        break
        return page

    # Transactions

    @contextmanager
    def _read(self) -> Iterator[lmdb.Transaction]:
        with self._lock:
            try:
                try:
                    txn = self._env.begin()
                except lmdb.MapResizedError:  # another process has grown the map
                    self._env.set_mapsize(0)
                    txn = self._env.begin()
                with txn:
                    yield txn
            except lmdb.Error as error:
                raise self._unavailable(error) from error

    def _write(self, action: Callable[[lmdb.Transaction], T]) -> T:
        with self._lock:
            while True:
                try:
                    with self._env.begin(write=True) as txn:
                        return action(txn)
                except lmdb.MapFullError:  # the transaction is undone; once more with twice the room
                    self._grow(2 * int(self._env.info()["map_size"]))
                except lmdb.MapResizedError:
                    self._grow(0)
                except (lmdb.Error, OSError) as error:
                    raise self._unavailable(error) from error

    def _grow(self, size: int) -> None:
        try:
            self._env.set_mapsize(size)
        except (lmdb.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(
            f"resume store {str(self._path)!r} refuses: {error}; check free space (df), quota and rights there, "
            "then run again: what was confirmed is kept"
        )
