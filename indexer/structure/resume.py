"""A raw resume to a structured one: language, sections, contact details, segments."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from indexer.errors import BadRecord, TooLong
from indexer.limits import Limits
from indexer.resumes import RawResume, Resume, Section, SectionKind, Span
from indexer.structure.contact import find_addresses, find_contacts, merge
from indexer.structure.headings import match_heading
from indexer.structure.language import detect_language
from indexer.structure.names import find_name
from indexer.structure.sections import find_sections
from indexer.structure.segments import find_segments
from indexer.structure.text import Line, lines_of

_DEFAULT = Limits()
_HEADER = 1500  # characters at most of the contact block above the first heading


def _contact_blocks(text: str, sections: Sequence[Section]) -> list[Span]:
    """Return where contact details stand: above the first heading, and in contact sections."""
    opening = sections[0]
    title = match_heading(text[opening.title_start : opening.title_end])
    untitled = opening.title_start == opening.title_end or (title is not None and title.kind is None)
    blocks = [Span(opening.title_end, min(opening.end, opening.title_end + _HEADER))] if untitled else []
    return blocks + [Span(part.title_end, part.end) for part in sections if part.kind is SectionKind.CONTACT]


def _outside(spans: Sequence[Span], sections: Sequence[Section]) -> Iterator[Span]:
    """Yield the ordered `spans` without the parts that lie in a section's title."""
    titles = [section for section in sections if section.title_end > section.title_start]
    at = 0
    for span in spans:
        start = span.start
        while at < len(titles) and titles[at].title_end <= start:
            at += 1
        while at < len(titles) and titles[at].title_start < span.end:
            if titles[at].title_start > start:
                yield Span(start, titles[at].title_start)
            start = titles[at].title_end
            at += 1
        if start < span.end:
            yield Span(start, span.end)


def _private(
    text: str, language: str, lines: Sequence[Line], sections: Sequence[Section], found: Sequence[Span]
) -> list[Span]:
    """Return the contact details `found` anywhere, with those of the contact blocks and the person's name."""
    blocks = _contact_blocks(text, sections)
    contacts = list(found)
    starts = [line.start for line in lines]
    for block in blocks:
        contacts += find_addresses(
            text, lines[bisect_left(starts, block.start) : bisect_left(starts, block.end)], language
        )
    titles = {section.title_start for section in sections if section.title_end > section.title_start}
    untitled = [line for line in lines[:6] if line.start not in titles]
    name = find_name(text, untitled, merge(contacts), min(titles - {lines[0].start}, default=len(text)))
    return merge([*contacts, name] if name else contacts)


def structure_resume(raw: RawResume, *, limits: Limits = _DEFAULT) -> Resume:
    """Return `raw` with its language, sections, segments and contact details.

    Raises `BadRecord` where the text has no letter or digit, `TooLong` where it has more characters or
    more segments than `limits` allow.
    """
    text = raw.text
    if len(text) > limits.characters:
        raise TooLong(f"{len(text):,} characters, more than {limits.characters:,}; shorten it or raise the limit")
    lines = lines_of(text)
    if not lines:
        raise BadRecord("no letter or digit in the text; check that the file holds a resume")
    language = detect_language(text)
    contacts = find_contacts(text, language)
    sections = find_sections(text, lines, raw.headings, contacts)
    private = list(_outside(_private(text, language, lines, sections, contacts), sections))
    segments = tuple(islice(find_segments(text, sections, private), limits.segments + 1))
    if len(segments) > limits.segments:
        raise TooLong(f"more than {limits.segments:,} segments; split the document or raise the limit")
    return Resume(
        resume_id=raw.resume_id,
        text=text,
        version=raw.version,
        language=language,
        sections=tuple(sections),
        segments=segments,
        private=tuple(private),
        person_id=raw.person_id,
        meta=raw.meta,
        origin=raw.origin,
    )
