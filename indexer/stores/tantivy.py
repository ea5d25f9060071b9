"""The embedded lexical index: one tantivy index for each language, in a folder of its own.

One index a language, and not one field a language in a single index, because BM25 counts documents and average
lengths over the whole index: resumes in other languages would distort both.

tantivy keeps no payload with a commit, so the watermark lies in a file that is written after the commits. Each
document carries the sequence of its change; a replay after a crash finds it there and leaves it alone.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import quote, unquote

import tantivy

from indexer.errors import IndexBusy, StoreUnavailable
from indexer.filters import Filter
from indexer.stores import Change, Hit, LexicalQuery, ResumeStore
from indexer.stores.analysers import NAME, analyser
from indexer.stores.files import write_atomically
from indexer.stores.tantivy_documents import SCHEMA, filter_clause
from indexer.stores.tantivy_writers import Writers

_BATCH = 500  # resumes read from the store at a time
_TIES = 16  # hits beyond the depth that are read to see whether the last score goes on


class TantivyIndex:
    """`LexicalIndex` in one folder. A brief in `und` is compared with the resumes in `und`."""

    def __init__(self, path: Path) -> None:
        """Open `path`; nothing is created before the first `catch_up`."""
        self._path = path
        self._open: dict[str, tantivy.Index] = {}
        self._analysers: dict[str, tantivy.TextAnalyzer] = {}

    def catch_up(self, store: ResumeStore) -> int:
        """Apply the store's changes since the watermark in one commit a language; return how many.

        Raises IndexBusy when another process writes here, StoreUnavailable when there is no room.
        """
        changes, count, last = store.changes(self.watermark()), 0, 0
        with self._failures(), Writers(self._open_or_create) as writers:
            while batch := list(islice(changes, _BATCH)):
                self._apply(batch, store, writers)
                count, last = count + len(batch), batch[-1].sequence
            if count:
                writers.commit()
                self._path.mkdir(parents=True, exist_ok=True)
                write_atomically(self._path / "watermark", str(last))
        return count

    def watermark(self) -> int:
        """Sequence of the last change that is searchable, 0 when there is none."""
        try:
            return int((self._path / "watermark").read_text())
        except FileNotFoundError:
            return 0

    def search(
        self, queries: Sequence[LexicalQuery], *, language: str, depth: int, filters: Sequence[Filter] = ()
    ) -> list[Hit]:
        """The best resumes by the weighted sum of the queries' BM25. A word counts once in a query."""
        index = self._reader(language)
        boosts: defaultdict[str, float] = defaultdict(float)
        if index is not None:
            for query in queries:
                for term in set(self._analyser(language).analyze(query.text)):
                    boosts[term] += query.weight
        if index is None or not boosts or depth <= 0:
            return []
        # The weighted sum over queries is a weighted sum over terms: one clause a term, whatever the brief's length.
        words = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(SCHEMA, "text", term, "freq"), boost),
            )
            for term, boost in sorted(boosts.items())
        ]
        with self._failures():
            searcher = index.searcher()
            clauses = [(tantivy.Occur.Must, tantivy.Query.boolean_query(words))]
            clauses += [filter_clause(searcher, condition) for condition in filters]
            return _top(searcher, tantivy.Query.boolean_query(clauses), depth)

    def sequences(self) -> Iterator[tuple[str, int]]:
        """Id and change sequence of every document, for verification."""
        for language in self._languages():
            if (index := self._reader(language)) is not None and (searcher := index.searcher()).num_docs:
                for _, address in searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs).hits:
                    held = searcher.doc(address)
                    yield str(held.get_first("id")), int(str(held.get_first("sequence")))

    def clear(self) -> None:
        """Forget everything, so that `catch_up` rebuilds."""
        self.close()
        (self._path / "watermark").unlink(missing_ok=True)  # first: documents without a watermark are harmless
        for language in self._languages():
            shutil.rmtree(self._folder(language))

    def close(self) -> None:
        self._open.clear()

    def _apply(self, batch: Sequence[Change], store: ResumeStore, writers: Writers) -> None:
        records = iter(store.get([change.resume_id for change in batch if not change.deleted]))
        for change in batch:
            record = None if change.deleted else next(records)
            if record is None:
                writers.remove(change.resume_id, self._languages())
            elif not writers.holds(record.resume.language, change.sequence):
                writers.remove(change.resume_id, self._languages())
                writers.add(record.resume, change.sequence)

    def _languages(self) -> list[str]:
        return sorted(unquote(each.name.removeprefix("text-")) for each in self._path.glob("text-*"))

    def _folder(self, language: str) -> Path:
        return self._path / f"text-{quote(language, safe='')}"

    def _analyser(self, language: str) -> tantivy.TextAnalyzer:
        if language not in self._analysers:
            self._analysers[language] = analyser(language)
        return self._analysers[language]

    def _open_or_create(self, language: str) -> tantivy.Index:
        if language not in self._open:
            self._folder(language).mkdir(parents=True, exist_ok=True)
            index = tantivy.Index(SCHEMA, path=str(self._folder(language)))
            index.register_tokenizer(NAME, self._analyser(language))
            index.config_reader("manual")  # reloaded at each search: no watching thread, nothing stale
            self._open[language] = index
        return self._open[language]

    def _reader(self, language: str) -> tantivy.Index | None:
        if not (self._folder(language) / "meta.json").exists():
            self._open.pop(language, None)
            return None
        with self._failures():
            index = self._open_or_create(language)
            index.reload()
        return index

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError, RuntimeError) as error:  # tantivy raises ValueError for all that goes wrong
            if "LockBusy" in str(error):
                raise IndexBusy(f"another process writes into {str(self._path)!r}; wait until it is done") from error
            raise StoreUnavailable(
                f"lexical index {str(self._path)!r} refuses: {error}; check free space (df) and rights there, "
                "then run again, or `shortlist rebuild` if it is damaged"
            ) from error


def _top(searcher: tantivy.Searcher, query: tantivy.Query, depth: int) -> list[Hit]:
    limit = depth + _TIES
    while True:
        found = searcher.search(query, limit=limit, count=False).hits
        if len(found) < limit or found[-1][0] < found[depth - 1][0]:
            break
        limit *= 2  # the score at the cut goes on: read on, so that ties are broken by id and not by place
    hits = [Hit(str(searcher.doc(address).get_first("id")), score) for score, address in found]
    return sorted(hits, key=lambda hit: (-hit.score, hit.resume_id))[:depth]
