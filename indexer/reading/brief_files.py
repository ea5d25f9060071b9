"""Briefs from a file, a folder or standard input."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from indexer.briefs import RawBrief
from indexer.errors import BadInput, BadRecord
from indexer.limits import Limits
from indexer.reading import fields
from indexer.reading.brief_records import brief_from_record, brief_from_text
from indexer.reading.documents import DEFAULT_LIMITS, Document
from indexer.reading.engine import read_items
from indexer.reading.html_text import parse_html
from indexer.reading.job_posting import find_postings
from indexer.reading.rejected import Rejected
from indexer.reading.sandbox import Sandbox
from indexer.reading.sources import Source, check_sources


def read_briefs(
    source: str, *, stdin: BinaryIO | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[RawBrief | Rejected]:
    """Yield every brief in `source`, and a `Rejected` for every item that cannot be used.

    A source is a file, a folder of them, or `-` for `stdin`. Formats: plain text (also Markdown, PDF, DOCX), schema.org
    JobPosting as JSON-LD or inside an HTML page, JSON Lines, BEIR `queries.jsonl`; gzip or Zstandard around them.
    Raises UnreadableFile at once when the source does not exist.
    """
    check_sources([source], stdin)
    return _read(source, limits, stdin)


def _read(source: str, limits: Limits, stdin: BinaryIO | None) -> Iterator[RawBrief | Rejected]:
    with Sandbox(limits) as sandbox:
        yield from read_items([source], _BriefReader(limits), sandbox, limits=limits, stdin=stdin)


class _BriefReader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def from_document(self, document: Document, source: Source) -> RawBrief:
        return brief_from_text(document.text, origin=source.origin, brief_id=source.item_id, limits=self._limits)

    def from_record(self, record: Any, source: Source, *, origin: str, fallback_id: str | None) -> RawBrief:  # noqa: ARG002
        return brief_from_record(record, origin=origin, limits=self._limits, fallback_id=fallback_id)

    def values(self, value: Any) -> list[Any]:
        postings = list(find_postings(value))
        return postings or (value if isinstance(value, list) else [value])

    def page_values(self, html: str) -> list[Any] | None:
        """The page's JobPostings; a page without one is read as text."""
        postings: list[Any] = []
        broken: BadInput | None = None
        for script in parse_html(html).json_ld:
            try:
                postings += find_postings(fields.parse_json(script))
            except BadRecord as error:
                broken = error
        if broken and not postings:
            raise BadRecord(f"its JSON-LD is {broken}")
        return postings or None
