"""Writing into several tantivy indexes, one a language, and committing them together."""

from collections.abc import Callable, Sequence

import tantivy

from indexer.resumes import Resume
from indexer.stores.tantivy_documents import document_of

_HEAP = 64_000_000  # bytes that a writer fills before it flushes a segment; only what is used is taken


class Writers:
    """One tantivy writer for each language that changes, committed together."""

    def __init__(self, open_index: Callable[[str], tantivy.Index]) -> None:
        self._open_index = open_index
        self._writers: dict[str, tantivy.IndexWriter] = {}
        self._searchers: dict[str, tantivy.Searcher] = {}
        self._touched: set[str] = set()

    def __enter__(self) -> "Writers":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for writer in self._writers.values():
                writer.rollback()
        self._writers.clear()

    def holds(self, language: str, sequence: int) -> bool:
        """Whether the last commit holds this very change."""
        return self._searcher(language).doc_freq("sequence", sequence) > 0

    def add(self, resume: Resume, sequence: int) -> None:
        """Add the resume to the index of its language."""
        self._touched.add(resume.resume_id)
        self._writer(resume.language).add_document(document_of(resume, sequence))

    def remove(self, resume_id: str, languages: Sequence[str]) -> None:
        """Remove the resume from whichever of the languages holds it."""
        for language in languages:
            uncommitted = language in self._writers and resume_id in self._touched
            if uncommitted or self._searcher(language).doc_freq("id", resume_id):
                self._writer(language).delete_documents_by_term("id", resume_id)

    def commit(self) -> None:
        """Make everything searchable."""
        for writer in self._writers.values():
            writer.commit()
            writer.wait_merging_threads()
        self._writers.clear()

    def _writer(self, language: str) -> tantivy.IndexWriter:
        if language not in self._writers:
            self._writers[language] = self._open_index(language).writer(_HEAP, 1)
        return self._writers[language]

    def _searcher(self, language: str) -> tantivy.Searcher:
        if language not in self._searchers:
            index = self._open_index(language)
            index.reload()
            self._searchers[language] = index.searcher()
        return self._searchers[language]
