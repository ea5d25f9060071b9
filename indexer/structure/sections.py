"""Headings to sections: titled regions of a closed set of kinds that cover the text in order."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from indexer.resumes import Heading, Section, SectionKind, Span
from indexer.structure.headings import Match, heading_shaped, match_heading
from indexer.structure.text import Line, has_alnum, trim

_INLINE = re.compile(r"^[^\n:：]{2,40}[:：]\s*(?=\S)")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}/\d{2,4}")
_JOB_LIKE = re.compile(r"[\d|@,–—]| - | at ")
_ENTRY_KINDS = (SectionKind.EXPERIENCE, SectionKind.EDUCATION, SectionKind.PROJECTS, SectionKind.CERTIFICATIONS)
_HEADLINE = 700  # characters before the first heading that still read as a headline and a pitch


class _Title(NamedTuple):
    start: int
    end: int
    kind: SectionKind | None


def _hint_on(line: Line, hints: Sequence[Heading]) -> Heading | None:
    return next((hint for hint in hints if hint.start < line.end and hint.end > line.start), None)


def _unknown_hinted(text: str, line: Line, following: Line | None, current: SectionKind | None, caps: bool) -> bool:
    """Return whether an unknown heading of the layout opens a section of its own.

    Inside experience, education and the like it is mostly an entry ("Senior Engineer, ACME 2019"), whose
    words a title would keep from being encoded. Before the first section it is the document's own title.
    """
    label = text[line.start : line.end]
    if current is None:
        return False
    if current not in _ENTRY_KINDS or (caps and label.isupper()):
        return True
    dated_next = following is not None and bool(
        _DATE.search(text, following.start, min(following.end, following.start + 120))
    )
    return not (_JOB_LIKE.search(label) or dated_next)


def _unknown_capitals(text: str, line: Line, following: Line | None, current: SectionKind | None, caps: bool) -> bool:
    """Return whether an unhinted, unknown line in capitals opens a section: only where it stands alone."""
    label = text[line.start : line.end]
    return (
        caps
        and current is not None
        and current not in _ENTRY_KINDS
        and line.blank_before
        and following is not None
        and len(label) <= 40
        and len(label.split()) <= 4
        and label.isupper()
        and sum(map(str.isalpha, label)) >= 5
        and not any(char in label for char in "0123456789,.;")
        and not text[following.start : following.end].isupper()
        and not _DATE.search(text, following.start, min(following.end, following.start + 120))
    )


def _plain(label: str, line: Line, following: Line | None) -> Match | None:
    """Return the match of a whole line without a layout hint, or None where it is no heading."""
    if not heading_shaped(label):
        return None
    match = match_heading(label)
    if match is None or not match.weak:
        return match
    alone = line.blank_before or following is None
    return match if alone or label.isupper() or label.endswith((":", "：")) else None


def _inline(text: str, line: Line, current: SectionKind | None) -> _Title | None:
    """Return the title of "Languages: German, English", where content follows on the same line."""
    label = _INLINE.match(text[line.start : min(line.end, line.start + 44)])
    if label is None or not heading_shaped(label.group()):
        return None
    match = match_heading(label.group(), fuzzy=False)
    # "Technologies: Java" within a job entry belongs to that job.
    if match is None or match.kind is None or (current in _ENTRY_KINDS and (match.weak or not line.blank_before)):
        return None
    start, end = trim(text, line.start, line.start + label.end())
    return _Title(start, end, match.kind)


def _titles(text: str, lines: Sequence[Line], hints: Sequence[Heading], barred: Sequence[Span]) -> list[_Title]:
    shouted = [line for line in lines if line.end - line.start <= 60 and text[line.start : line.end].isupper()]
    caps = any(match_heading(text[line.start : line.end], fuzzy=False) for line in shouted)
    titles: list[_Title] = []
    current: SectionKind | None = None
    hint_at = bar_at = 0
    ordered = sorted(hints, key=lambda hint: (hint.start, hint.end))
    for index, line in enumerate(lines):
        while bar_at < len(barred) and barred[bar_at].end <= line.start:
            bar_at += 1
        while hint_at < len(ordered) and ordered[hint_at].end <= line.start:
            hint_at += 1
        following = lines[index + 1] if index + 1 < len(lines) else None
        title: _Title | None = None
        if bar_at == len(barred) or barred[bar_at].start >= line.end:
            hint = _hint_on(line, ordered[hint_at : hint_at + 1])
            title = _whole(text, line, following, hint, current, caps)
        if title is None:
            title = _inline(text, line, current)
            if title and bar_at < len(barred) and barred[bar_at].start < title.end:
                title = None
        if title is not None:
            titles.append(title)
            current = title.kind or current
    return titles


def _whole(
    text: str, line: Line, following: Line | None, hint: Heading | None, current: SectionKind | None, caps: bool
) -> _Title | None:
    """Return the title that fills the line, if it is one."""
    label = text[line.start : line.end]
    if hint is not None and hint.kind is not None:
        return _Title(line.start, line.end, hint.kind)
    if hint is not None and len(label) <= 120:
        match = match_heading(label, hinted=True)
        if match is not None:
            return _Title(line.start, line.end, match.kind)
        if _unknown_hinted(text, line, following, current, caps):
            return _Title(line.start, line.end, SectionKind.OTHER)
        return None
    if len(label) > 60:
        return None
    match = _plain(label, line, following)
    if match is not None:
        return _Title(line.start, line.end, match.kind)
    if _unknown_capitals(text, line, following, current, caps):
        return _Title(line.start, line.end, SectionKind.OTHER)
    return None


def find_sections(text: str, lines: Sequence[Line], hints: Sequence[Heading], barred: Sequence[Span]) -> list[Section]:
    """Return sections that cover `text` from its beginning to its end, in order, at least one.

    `lines` are the text's lines, `hints` the headings that the layout gave, `barred` the contact
    details (in order): no title overlaps one. What stands before the first heading is a summary (the
    headline), or `other` when it is long or there is no heading at all.
    """
    titles = _titles(text, lines, hints, barred)
    first = titles[0].start if titles else len(text)
    known = any(title.kind for title in titles)
    opening = SectionKind.SUMMARY if known and first <= _HEADLINE else SectionKind.OTHER
    sections: list[Section] = []
    if not titles or has_alnum(text, 0, first):
        sections.append(Section(opening, 0, first, 0, 0))
    for index, title in enumerate(titles):
        start = title.start if sections else 0
        end = titles[index + 1].start if index + 1 < len(titles) else len(text)
        sections.append(Section(title.kind or opening, start, end, title.start, title.end))
    return sections
