"""A stored resume as a plain dict and as bytes, shared by every store. Vectors are kept apart from it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import zstandard

from indexer.errors import BadRecord
from indexer.filters import as_keyword, as_number
from indexer.resumes import ID_BYTES, VERSIONS, MetaValue, Resume, Section, SectionKind, Segment, Span
from indexer.stores import StoredResume
from indexer.vectors import SegmentVectors

_FILTERABLE = re.compile(r"[\w.-]+")  # the field names that a filter expression can hold
_ZSTD_LEVEL = 3  # resumes shrink to a third; higher levels gain 5 % for several times the work


def check_id(resume_id: str) -> bytes:
    """Return the id in UTF-8. Raises BadRecord when it is empty, no valid text, or over 511 bytes."""
    try:
        key = resume_id.encode("utf-8")
    except UnicodeEncodeError:
        raise BadRecord(f"resume id {resume_id[:40]!r} is not valid Unicode; give the record another id") from None
    if not key:
        raise BadRecord("a resume has an empty id; give every record a resume_id of 1 to 511 bytes")
    if len(key) > ID_BYTES:
        raise BadRecord(
            f"resume id starting {resume_id[:40]!r} takes {len(key)} bytes; use an id of at most {ID_BYTES} bytes"
        )
    return key


def check_record(record: StoredResume) -> bytes:
    """Return the id in UTF-8. Raises BadRecord for an id or a version that no store keeps.

    Raises ValueError, as for any wrong call, when there is not one vector for each segment.
    """
    resume = record.resume
    key = check_id(resume.resume_id)
    if not 0 <= resume.version < VERSIONS:
        raise BadRecord(f"resume {resume.resume_id!r} has version {resume.version}; use a number from 0 to 2^63 - 1")
    if len(record.vectors) != len(resume.segments):
        raise ValueError(
            f"{len(record.vectors)} vectors for the {len(resume.segments)} segments of {resume.resume_id!r}"
        )
    return key


def searchable_text(resume: Resume) -> str:
    """The words that a search sees: titles and segments, so no contact details."""
    titles = [resume.text[section.title_start : section.title_end] for section in resume.sections]
    return "\n".join([*titles, *(segment.text for segment in resume.segments)])


def searchable_meta(resume: Resume) -> dict[str, MetaValue]:
    """The fields that filters see: `meta`, and the resume's language under `language`."""
    return {**resume.meta, "language": resume.language}


def keyword_terms(meta: Mapping[str, MetaValue]) -> Iterator[tuple[str, str]]:
    """`(field, keyword)` for each value that a filter with `=` can ask for."""
    for field, members in _fields(meta):
        yield from ((field, as_keyword(member)) for member in members)


def number_terms(meta: Mapping[str, MetaValue]) -> Iterator[tuple[str, float]]:
    """`(field, number)` for each value that a filter with `<`, `<=`, `>` or `>=` can ask for."""
    for field, members in _fields(meta):
        yield from ((field, number) for member in members if (number := as_number(member)) is not None)


def to_dict(resume: Resume) -> dict[str, Any]:
    """A resume as JSON-able fields. Segments carry offsets only: their text is `text[start:end]`."""
    return {
        "resume_id": resume.resume_id,
        "text": resume.text,
        "version": resume.version,
        "language": resume.language,
        "sections": [[s.kind.value, s.start, s.end, s.title_start, s.title_end] for s in resume.sections],
        "segments": [[s.kind.value, s.start, s.end] for s in resume.segments],
        "private": [[span.start, span.end] for span in resume.private],
        "person_id": resume.person_id,
        "meta": {name: list(value) if isinstance(value, tuple) else value for name, value in resume.meta.items()},
        "origin": resume.origin,
    }


def from_dict(fields: dict[str, Any]) -> Resume:
    """Undo `to_dict`."""
    text: str = fields["text"]
    meta: dict[str, MetaValue] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields["meta"].items()
    }
    return Resume(
        resume_id=fields["resume_id"],
        text=text,
        version=fields["version"],
        language=fields["language"],
        sections=tuple(Section(SectionKind(kind), *offsets) for kind, *offsets in fields["sections"]),
        segments=tuple(
            Segment(text[start:end], start, end, SectionKind(kind)) for kind, start, end in fields["segments"]
        ),
        private=tuple(Span(start, end) for start, end in fields["private"]),
        person_id=fields["person_id"],
        meta=meta,
        origin=fields["origin"],
    )


def encode_resume(record: StoredResume) -> bytes:
    """Serialise all but the vectors: JSON in UTF-8, compressed. Raises BadRecord for text that is not valid Unicode."""
    fields = {"digest": record.digest, "resume": to_dict(record.resume)}
    try:
        data = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRecord(
            f"resume {record.resume.resume_id!r} ({record.resume.origin}) holds half a character (a lone surrogate): "
            f"{error.reason}; read the source again in its true encoding"
        ) from None
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(data)


def decode_resume(data: bytes | memoryview, vectors: SegmentVectors) -> StoredResume:
    """Undo `encode_resume`, joining the vectors that were kept apart."""
    fields = json.loads(zstandard.ZstdDecompressor().decompress(data))
    return StoredResume(from_dict(fields["resume"]), vectors, fields["digest"])


def _fields(meta: Mapping[str, MetaValue]) -> Iterator[tuple[str, tuple[MetaValue, ...]]]:
    for field, held in meta.items():
        if _FILTERABLE.fullmatch(field):
            yield field, held if isinstance(held, tuple) else (held,)
