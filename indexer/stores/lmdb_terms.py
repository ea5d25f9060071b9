"""The filter columns of the LMDB store: which resumes hold which value in which field."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import lmdb

from indexer.filters import Filter
from indexer.resumes import Resume
from indexer.stores.records import keyword_terms, number_terms, searchable_meta

_LONGEST = 220  # bytes of a field or a value in a key: with both and the marks within LMDB's 511
_KEYWORD, _NUMBER = b"k", b"n"


class Terms:
    """A database with duplicates: kind, field and value → ids. All calls run inside the caller's transaction."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def add(self, txn: lmdb.Transaction, key: bytes, resume: Resume) -> None:
        """Enter the resume's fields under its id `key`."""
        for term in _terms(resume):
            txn.put(term, key, db=self._database)

    def remove(self, txn: lmdb.Transaction, key: bytes, resume: Resume) -> None:
        """Undo `add` of the same resume."""
        for term in _terms(resume):
            txn.delete(term, key, db=self._database)

    def counts(self, txn: lmdb.Transaction, field: str) -> dict[str, int]:
        """Number of resumes by the field's keyword (as far as keywords are at most 220 bytes)."""
        prefix = _prefix(_KEYWORD, field)
        with txn.cursor(self._database) as cursor:
            return {term[len(prefix) :].decode(): int(cursor.count()) for term in _under(cursor, prefix)}

    def passing(self, txn: lmdb.Transaction, everything: Any, condition: Filter) -> set[bytes]:
        """Ids that pass one condition; `everything` is the database keyed by all live ids."""
        with txn.cursor(self._database) as cursor:
            if condition.operator in ("=", "!="):
                found: set[bytes] = set()
                for value in condition.values:
                    if cursor.set_key(_prefix(_KEYWORD, condition.field) + _bounded(value)):
                        found.update(map(bytes, cursor.iternext_dup()))
                if condition.operator == "=":
                    return found
                return all_keys(txn, everything) - found
            prefix = _prefix(_NUMBER, condition.field)
            terms = [
                term
                for term in _under(cursor, prefix)
                if condition.matches({condition.field: float(term[len(prefix) :])})
            ]
            passing: set[bytes] = set()
            for term in terms:
                cursor.set_key(term)
                passing.update(map(bytes, cursor.iternext_dup()))
            return passing


def all_keys(txn: lmdb.Transaction, database: Any) -> set[bytes]:
    """Every key of a database."""
    return set(map(bytes, txn.cursor(database).iternext(keys=True, values=False)))


def _terms(resume: Resume) -> set[bytes]:
    meta = searchable_meta(resume)
    keywords = {_prefix(_KEYWORD, field) + _bounded(value) for field, value in keyword_terms(meta)}
    numbers = {_prefix(_NUMBER, field) + repr(number).encode() for field, number in number_terms(meta)}
    return keywords | numbers


def _under(cursor: lmdb.Cursor, prefix: bytes) -> Iterator[bytes]:
    found = cursor.set_range(prefix)
    while found and (term := bytes(cursor.key())).startswith(prefix):
        yield term
        found = cursor.next_nodup()


def _prefix(kind: bytes, field: str) -> bytes:
    return kind + _bounded(field) + b"\0"


def _bounded(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return data if len(data) <= _LONGEST else data[:100] + b"\0" + blake2b(data, digest_size=32).digest()
