"""What reading resumes and briefs share: walk the sources, tell the format, turn every fault into `Rejected`."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Protocol, TypeVar

from indexer.errors import BadInput, BadRecord, UnreadableFile
from indexer.limits import Limits
from indexer.reading import fields
from indexer.reading.documents import Document
from indexer.reading.formats import Format, binary_type, format_of
from indexer.reading.html_text import parse_html
from indexer.reading.rejected import Rejected
from indexer.reading.sandbox import Sandbox
from indexer.reading.sources import Source, expand
from indexer.reading.streams import Line, Stream
from indexer.reading.text import checked, clean, decode

Item = TypeVar("Item", covariant=True)


class Reader(Protocol[Item]):
    """Makes resumes or briefs of what the engine has read. Each method may raise BadInput."""

    def from_document(self, document: Document, source: Source) -> Item:
        """One file that is one item."""
        ...

    def from_record(self, record: Any, source: Source, *, origin: str, fallback_id: str | None) -> Item:
        """One JSON value; without a fallback it has to name its own id."""
        ...

    def page_values(self, html: str) -> list[Any] | None:
        """The items in the JSON-LD scripts of an HTML page, or None when the page itself is the item."""
        ...

    def values(self, value: Any) -> list[Any]:
        """The items in a JSON file's value."""
        ...


def read_items(
    sources: Sequence[str], reader: Reader[Item], sandbox: Sandbox, *, limits: Limits, stdin: BinaryIO | None
) -> Iterator[Item | Rejected]:
    """Read every source in turn, lazily. No fault of one item keeps the others from being read."""
    claims: dict[str, str] = {}
    for source in expand(sources, stdin):
        if isinstance(source, Rejected):
            yield source
            continue
        try:
            fields.checked_id(source.item_id)
            with source.open() as raw:
                yield from _read_source(source, Stream(raw), reader, sandbox, limits, claims)
        except BadInput as error:
            yield Rejected(clean(source.origin), _one_line(error), source.item_id)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}; check its permissions"
            yield Rejected(clean(source.origin), reason, source.item_id)


def read_document(format_: Format, data: bytes, limits: Limits, sandbox: Sandbox) -> Document:
    """Read the bytes of one document that is no JSON. Raises BadInput."""
    match format_:
        case Format.PDF:
            document = sandbox.parse("pdf", data)
        case Format.DOCX:
            document = sandbox.parse("docx", data)
        case Format.MARKDOWN:
            document = sandbox.parse("markdown", checked(clean(_text(data)), limits).encode())
        case Format.HTML:
            composer = parse_html(checked(clean(_text(data)), limits)).composer
            document = Document(composer.text, composer.headings)
        case _:
            document = Document(clean(_text(data)))
    checked(document.text, limits)
    return document


def _text(data: bytes) -> str:
    try:
        return decode(data)
    except UnreadableFile as error:
        raise binary_type(data) or error from None


def _read_source(
    source: Source, stream: Stream, reader: Reader[Item], sandbox: Sandbox, limits: Limits, claims: dict[str, str]
) -> Iterator[Item | Rejected]:
    format_ = format_of(source.suffix, stream.head())
    if format_ is Format.JSON_LINES:
        yield from _read_lines(source, stream, reader, limits)
        return
    data = stream.read_all(limits.file_bytes)
    members = None
    if format_ is Format.JSON:
        value = fields.parse_json(decode(data))
        members = reader.values(value)
    elif format_ is Format.HTML:
        members = reader.page_values(_text(data))
    if members is None or (len(members) == 1 and _id_of(members[0]) is None):
        _claim(source, claims)
    if members is None:
        document = read_document(format_, data, limits, sandbox)
        yield reader.from_document(document, source)
    else:
        yield from _read_members(source, members, reader)


def _claim(source: Source, claims: dict[str, str]) -> None:
    """Refuse a file whose id another folder's file took: one would silently replace the other."""
    owner = claims.setdefault(source.item_id, source.origin)
    if owner != source.origin:
        raise UnreadableFile(f"its id {source.item_id!r} is taken by {owner}; rename it or give the folder above both")


def _read_members(source: Source, members: Sequence[Any], reader: Reader[Item]) -> Iterator[Item | Rejected]:
    for number, member in enumerate(members, start=1):
        only = len(members) == 1
        origin = source.origin if only else f"{source.origin}[{number}]"
        item_id = source.item_id if only else f"{source.item_id}-{number}"
        try:
            yield reader.from_record(member, source, origin=origin, fallback_id=item_id)
        except BadInput as error:
            yield Rejected(clean(origin), _one_line(error), _id_of(member) or item_id)


def _read_lines(source: Source, stream: Stream, reader: Reader[Item], limits: Limits) -> Iterator[Item | Rejected]:
    number = records = 0
    try:
        for line in stream.lines(limits.line_bytes):
            number = line.number
            if line.data is not None and not line.data.strip():
                continue
            yield _read_line(line, source, reader, limits)
            records += 1
    except UnreadableFile as error:
        reason = f"{_one_line(error)} (the {records} records before it were read)"
        yield Rejected(f"{source.origin}:{number + 1}", reason)
        return
    if not records:
        raise UnreadableFile("empty: no records in it; write one JSON object a line")


def _read_line(line: Line, source: Source, reader: Reader[Item], limits: Limits) -> Item | Rejected:
    origin = f"{source.origin}:{line.number}"
    record = None
    try:
        if line.data is None:
            raise BadRecord(f"a line of more than {limits.line_bytes:,} bytes; shorten it or raise the limit")
        record = fields.parse_json(line.data)
        return reader.from_record(record, source, origin=origin, fallback_id=None)
    except BadInput as error:
        return Rejected(clean(origin), _one_line(error), _id_of(record))
    except OSError as error:  # of a file that the record names
        return Rejected(clean(origin), f"its file cannot be read: {error.strerror or error}", _id_of(record))


def _id_of(record: Any) -> str | None:
    names = ("resume_id", "brief_id", "_id", "id")
    found = [record.get(name) for name in names] if isinstance(record, dict) else []
    return next((clean(value) for value in found if isinstance(value, str) and value), None)


def _one_line(error: BadInput) -> str:
    return " ".join(clean(str(error)).split())
