"""One JSON object or one string to a raw resume: JSON Lines record, BEIR document or JSON Resume."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from indexer.errors import BadRecord, UnreadableFile
from indexer.limits import Limits
from indexer.reading import fields
from indexer.reading.documents import DEFAULT_LIMITS, Document
from indexer.reading.json_resume import CONTENT_KEYS, is_json_resume, read_json_resume
from indexer.reading.text import Composer, checked, clean
from indexer.resumes import MetaValue, RawResume, SectionKind

# Reads the file that a record names: its text and its modification time in milliseconds.
ReadFile = Callable[[str], tuple[Document, int]]

_JSON_RESUME_META = ("canonical", "version", "lastModified")


def resume_from_value(value: str | Mapping[str, Any], *, origin: str, limits: Limits = DEFAULT_LIMITS) -> RawResume:
    """Convert a text, or an object of any shape that `read_resumes` knows, except one that names a `file`.

    Without an id it gets one from its content's hash; without a version it has version 0.
    Raises BadRecord, and TooLong above `limits.characters`.
    """
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, Mapping):
        raise BadRecord(f"a resume is a text or an object, not {fields.kind_name(value)}")
    return resume_from_record(value, origin=origin, limits=limits, fallback_id=fields.content_id(value))


def resume_from_record(
    record: Any,
    *,
    origin: str,
    limits: Limits,
    fallback_id: str | None = None,
    fallback_version: int = 0,
    read_file: ReadFile | None = None,
) -> RawResume:
    """Convert one decoded JSON value. Raises BadRecord, TooLong, or what `read_file` raises."""
    if not isinstance(record, Mapping):
        raise BadRecord(f"{fields.kind_name(record)} where an object belongs; write one JSON object a line")
    resume_id = fields.record_id(record, "resume_id", "_id", "id") or fallback_id
    if resume_id is None:
        raise BadRecord("no id: give each record a `resume_id`")
    from_json_resume = is_json_resume(record)
    document, file_version = _content(record, from_json_resume, read_file)
    given, meta = _version_and_meta(record, from_json_resume)
    try:
        text = checked(document.text, limits)
    except UnreadableFile as error:
        raise BadRecord(str(error)) from None
    return RawResume(
        resume_id=resume_id,
        text=text,
        origin=origin,
        version=next(number for number in (given, file_version, fallback_version) if number is not None),
        version_given=given is not None,
        person_id=fields.record_id(record, "person_id"),
        meta=meta,
        headings=document.headings,
    )


def _content(record: Mapping[str, Any], json_resume: bool, read_file: ReadFile | None) -> tuple[Document, int | None]:
    if json_resume:
        return read_json_resume(record), None
    present = [name for name in CONTENT_KEYS if record.get(name) is not None]
    if len(present) != 1:
        found = " and ".join(f"`{name}`" for name in present) or "none of them"
        raise BadRecord(f"give one of `text`, `sections`, `file`; found {found}")
    match present[0]:
        case "text":
            title, text = fields.string(record, "title"), fields.string(record, "text") or ""
            return Document(f"{title}\n\n{text}" if title and title.strip() and text.strip() else text), None
        case "sections":
            return _sections(record["sections"]), None
    name = fields.string(record, "file") or ""
    if read_file is None:
        raise BadRecord("`file` works only in a JSON Lines file on disk; give the `text` itself")
    return read_file(name)


def _version_and_meta(record: Mapping[str, Any], json_resume: bool) -> tuple[int | None, dict[str, MetaValue]]:
    value, name = record.get("version"), "meta" if record.get("meta") is not None else "metadata"
    meta = record.get(name)
    if json_resume and isinstance(meta, Mapping):
        # JSON Resume's own meta speaks about the file, not about the person.
        value = meta.get("lastModified") if value is None else value
        meta = {key: item for key, item in meta.items() if key not in _JSON_RESUME_META}
    return None if value is None else fields.version(value), fields.meta(meta, name)


def _sections(value: object) -> Document:
    composer = Composer()
    if isinstance(value, Mapping):
        value = [{"title": title, "text": text} for title, text in value.items()]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadRecord(f"`sections` is {fields.kind_name(value)}; use a list of {{kind, title, text}} or title → text")
    for number, section in enumerate(value):
        if not isinstance(section, Mapping):
            raise BadRecord(f"`sections[{number}]` is {fields.kind_name(section)}; use an object {{kind, title, text}}")
        kind = _kind(section.get("kind"), number)
        text = section.get("text")
        if not isinstance(text, str):
            name = section.get("title") if isinstance(section.get("title"), str) else number
            raise BadRecord(f"`sections[{name!r}]` has no `text` string but {fields.kind_name(text)}")
        title = fields.string(section, "title") or (kind.value.capitalize() if kind else "")
        if title.strip():
            composer.heading(title, kind)
        else:
            composer.blank()
        composer.line(clean(text).strip("\n"))
    return Document(composer.text if any(map(_has_text, value)) else "", composer.headings)


def _has_text(section: Mapping[str, Any]) -> bool:
    return bool(section["text"].strip())


def _kind(value: object, number: int) -> SectionKind | None:
    if value is None:
        return None
    try:
        return SectionKind(value)  # type: ignore[arg-type]
    except ValueError:
        kinds = ", ".join(SectionKind)
        raise BadRecord(f"`sections[{number}].kind` is {str(value)[:40]!r}; use one of {kinds}") from None
