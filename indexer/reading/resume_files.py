"""Resumes from folders, files and standard input."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from indexer.errors import BadRecord, UnreadableFile
from indexer.limits import Limits
from indexer.reading import fields
from indexer.reading.documents import DEFAULT_LIMITS, Document
from indexer.reading.engine import read_document, read_items
from indexer.reading.formats import Format, format_of
from indexer.reading.json_resume import is_json_resume, read_json_resume
from indexer.reading.rejected import Rejected
from indexer.reading.resume_records import resume_from_record
from indexer.reading.sandbox import Sandbox
from indexer.reading.sources import Source, check_sources, split_name
from indexer.reading.streams import Stream
from indexer.reading.text import decode
from indexer.resumes import RawResume


def read_resumes(
    sources: Sequence[str], *, limits: Limits = DEFAULT_LIMITS, stdin: BinaryIO | None = None
) -> Iterator[RawResume | Rejected]:
    """Yield every resume in `sources`, and a `Rejected` for every item that cannot be used.

    A source is a folder (read recursively in the order of names, hidden files left out), a file, or `-` for `stdin`.
    Formats: plain text, Markdown, HTML, PDF, DOCX, JSON Resume 1.0, JSON Lines, BEIR `corpus.jsonl`; gzip or
    Zstandard around any of them. A file's id is its path below the folder without suffix, unless two files in
    one folder would share it: both keep their suffix then. Reads lazily, one line or one document at a time.

    Raises UnreadableFile at once when a source does not exist; after that nothing but ShortlistError for a broken
    installation.
    """
    check_sources(sources, stdin)
    return _read(sources, limits, stdin)


def _read(sources: Sequence[str], limits: Limits, stdin: BinaryIO | None) -> Iterator[RawResume | Rejected]:
    with Sandbox(limits) as sandbox:
        yield from read_items(sources, _ResumeReader(limits, sandbox), sandbox, limits=limits, stdin=stdin)


class _ResumeReader:
    def __init__(self, limits: Limits, sandbox: Sandbox) -> None:
        self._limits = limits
        self._sandbox = sandbox

    def from_document(self, document: Document, source: Source) -> RawResume:
        return RawResume(source.item_id, document.text, source.origin, source.modified(), headings=document.headings)

    def from_record(self, record: Any, source: Source, *, origin: str, fallback_id: str | None) -> RawResume:
        return resume_from_record(
            record,
            origin=origin,
            limits=self._limits,
            fallback_id=fallback_id,
            fallback_version=source.modified(),
            read_file=None if source.path is None else lambda name: self._read_named(name, source.path),
        )

    def values(self, value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    def page_values(self, html: str) -> list[Any] | None:  # noqa: ARG002
        return None

    def _read_named(self, name: str, record_path: Path | None) -> tuple[Document, int]:
        """Read the file that a record names, relative to the record's folder and never outside it."""
        assert record_path is not None
        folder = record_path.parent.resolve()
        path = (folder / name).resolve() if "\0" not in name else folder
        if not name or not path.is_relative_to(folder) or Path(name).is_absolute():
            raise BadRecord(
                f"`file` {name[:80]!r} leads out of the folder of the JSON Lines file; use a path inside it"
            )
        if not path.is_file():
            raise BadRecord(f"`file` {name[:80]!r} does not exist; paths are relative to the JSON Lines file")
        try:
            return self._read_path(path), Source(name, name, "", path).modified()
        except UnreadableFile as error:
            raise type(error)(f"`file` {name[:80]!r}: {error}") from None

    def _read_path(self, path: Path) -> Document:
        with path.open("rb") as raw:
            stream = Stream(raw)
            format_ = format_of(split_name(path.name)[1], stream.head())
            if format_ is Format.JSON_LINES:
                raise UnreadableFile("JSON Lines inside JSON Lines; name a single document")
            data = stream.read_all(self._limits.file_bytes)
        if format_ is not Format.JSON:
            return read_document(format_, data, self._limits, self._sandbox)
        value = fields.parse_json(decode(data))
        if isinstance(value, dict) and is_json_resume(value):
            return read_json_resume(value)
        raise UnreadableFile("a JSON file that is no JSON Resume; name a JSON Resume or a document")
