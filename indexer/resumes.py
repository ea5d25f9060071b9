"""The document side: a resume as read, and as structured.

Offsets are positions in the Python string `text` (code points, not bytes), half-open `[start, end)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MetaValue = str | int | float | bool | tuple[str, ...]

ID_BYTES = 511  # of an id in UTF-8: LMDB's longest key; OpenSearch allows 512
VERSIONS = 2**63  # versions lie below: both LMDB's records and OpenSearch keep them in 64 bits


class SectionKind(StrEnum):
    """The closed set of section kinds; an unknown heading is `OTHER`."""

    SUMMARY = "summary"
    EXPERIENCE = "experience"
    EDUCATION = "education"
    SKILLS = "skills"
    LANGUAGES = "languages"
    CERTIFICATIONS = "certifications"
    PROJECTS = "projects"
    PUBLICATIONS = "publications"
    CONTACT = "contact"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that the source's own layout marks as a heading (font size, DOCX style, JSON key).

    `kind` is given only when the format names the kind itself, as JSON Resume does.
    """

    start: int
    end: int
    kind: SectionKind | None = None


@dataclass(frozen=True, slots=True)
class RawResume:
    """A resume as a reader hands it over: text and hints, no structure yet."""

    resume_id: str
    text: str
    origin: str  # where it came from, for messages: "folder/cv.pdf", "dump.jsonl:12"
    version: int  # of the record at its source, >= 0; a newer one replaces an older one
    version_given: bool = False  # the source named the version; else it was derived (file time)
    person_id: str | None = None
    meta: Mapping[str, MetaValue] = field(default_factory=dict)
    headings: Sequence[Heading] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A titled region of a resume: its heading at `[title_start, title_end)`, its extent at `[start, end)`.

    The extent includes the heading. A region before the first heading has an empty title.
    """

    kind: SectionKind
    start: int
    end: int
    title_start: int
    title_end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of one section that is encoded as one vector; `text == resume.text[start:end]`."""

    text: str
    start: int
    end: int
    kind: SectionKind


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `[start, end)` of a resume's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Resume:
    """A resume with its structure.

    Every letter and digit of `text` lies in a segment, in a section's title or in a private span
    (contact details: never encoded, never sent to a model). Segments are in text order and disjoint.
    """

    resume_id: str
    text: str
    version: int
    language: str  # ISO 639-1, or "und" when the text gives no sure answer
    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    private: tuple[Span, ...] = ()
    person_id: str | None = None
    meta: Mapping[str, MetaValue] = field(default_factory=dict)
    origin: str = ""
