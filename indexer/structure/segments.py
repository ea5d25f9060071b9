"""The segments of a resume: one thought each, of about 220 characters, that cover every word outside titles."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from indexer.resumes import Section, SectionKind, Segment, Span
from indexer.structure.splitting import TARGET, cut_long, pack, sentences
from indexer.structure.text import BULLETS, has_alnum, lines_of, trim

LIST_TARGET = 100  # characters of a group of skills
_ALONE = 110  # a bullet or sentence this long is a thought of its own
_CRUMB = 30  # a shorter segment joins its neighbour where it can

_LIST_MARK = re.compile(r"[,;|•·●▪■،、，；]|\s[/–—-]\s|\t|\n")
_INNER_BULLET = re.compile(r"[•●▪■◦‣►▶➢➤]")
_MARKER = re.compile(r"(?:[-–—]\s|\(?\d{1,2}[.)]\s|[a-z][)]\s|[o§ü]\s+(?=[A-Z])|â€¢|Â·)")
_DATED = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}/\d{2,4}\b|\b(?:present|current|heute|aujourd|actualidad|oggi|heden|presente|obecnie|prezent|nuvarande)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;:。！？…][\"'”’»)]?$")
_LIST_KINDS = (SectionKind.SKILLS, SectionKind.LANGUAGES)


class _Fragment(NamedTuple):
    """A line, or the part of one outside titles and contact details."""

    start: int
    end: int
    bullet: bool
    gap: bool  # an empty line before it
    block: int  # fragments of different blocks are never joined: a title or a contact detail lies between


def _free(start: int, end: int, taken: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Yield what is left of `[start, end)` outside the ordered, disjoint spans `taken`."""
    for span in taken:
        if span.end <= start or span.start >= end:
            continue
        if span.start > start:
            yield start, span.start
        start = max(start, span.end)
    if start < end:
        yield start, end


def _fragments(text: str, section: Section, private: Sequence[Span]) -> Iterator[_Fragment]:
    body = max(section.start, section.title_end)
    for block, (start, end) in enumerate(_free(body, section.end, private)):
        for line in lines_of(text[start:end]):
            begin, stop = start + line.start, start + line.end
            cuts = [begin, *(mark.start() for mark in _INNER_BULLET.finditer(text, begin + 1, stop)), stop]
            for index, (left, right) in enumerate(pairwise(cuts)):
                bullet = text[left] in BULLETS or bool(_MARKER.match(text, left, right))
                left, right = trim(text, left, right, marks=True)
                if has_alnum(text, left, right):
                    yield _Fragment(left, right, bullet, line.blank_before and index == 0, block)


def _width(text: str) -> int:
    """Return the column at which the source wraps its lines, or 0 where it doesn't wrap."""
    longest = max(map(len, text.splitlines()), default=0)
    return longest if 40 <= longest <= 200 else 0


def _continues(text: str, before: _Fragment, after: _Fragment, width: int) -> bool:
    """Return whether a line break between two fragments lies within one sentence."""
    if (
        after.bullet
        or after.gap
        or before.block != after.block
        or _SENTENCE_END.search(text[max(0, before.end - 2) : before.end])
    ):
        return False
    head = text[after.start]
    if head.islower() or head in "(&/" or text[before.end - 1] in "&-,/":
        return True
    word = text[after.start : min(after.end, after.start + 40)].split(maxsplit=1)[0]
    # The writer's program broke the line because the next word did not fit any more.
    return width > 0 and (before.end - before.start) + 1 + len(word) > width * 0.95


def _paragraphs(text: str, fragments: Sequence[_Fragment], width: int) -> list[_Fragment]:
    joined: list[_Fragment] = []
    last: _Fragment | None = None
    for fragment in fragments:
        if last is not None and _continues(text, last, fragment, width):
            joined[-1] = joined[-1]._replace(end=fragment.end)
        else:
            joined.append(fragment)
        last = fragment
    return joined


def _is_list(text: str, start: int, end: int, kind: SectionKind) -> bool:
    """Return whether a paragraph lists skills: several short items between separators."""
    items = [item for item in _LIST_MARK.split(text[start:end]) if item.strip()]
    if len(items) < (2 if kind in _LIST_KINDS else 5):
        return False
    sentences_inside = len(re.findall(r"[.!?]\s+\S", text[start:end]))
    return (end - start) / len(items) <= (45 if kind in _LIST_KINDS else 26) and sentences_inside <= len(items) // 4


def _items(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the items of a list, their separators left out at the ends."""
    begin = start
    for mark in _LIST_MARK.finditer(text, start, end):
        yield begin, mark.start()
        begin = mark.end()
    yield begin, end


def _pieces(text: str, paragraph: _Fragment, kind: SectionKind) -> Iterator[tuple[int, int]]:
    """Yield the segments of one paragraph."""
    start, end, *_ = paragraph
    if end - start > LIST_TARGET and _is_list(text, start, end, kind):
        trimmed = (trim(text, *item, marks=True) for item in _items(text, start, end))
        kept = [piece for item in trimmed if has_alnum(text, *item) for piece in cut_long(text, *item)]
        yield from pack(kept, target=LIST_TARGET)
    else:
        whole = [piece for sentence in sentences(text, start, end) for piece in cut_long(text, *sentence)]
        yield from pack(whole)


def _heads_entry(text: str, paragraph: _Fragment) -> bool:
    """Return whether a paragraph is the dated line of a job or a degree."""
    length = paragraph.end - paragraph.start
    return length <= 130 and not paragraph.bullet and bool(_DATED.search(text, paragraph.start, paragraph.end))


def _short(text: str, paragraph: _Fragment) -> bool:
    return paragraph.end - paragraph.start <= 90 and not paragraph.bullet and text[paragraph.end - 1] not in ".;"


def _capitalised(text: str, paragraph: _Fragment) -> bool:
    """Return whether most words of a short line have a capital, as titles, employers and places do."""
    words = text[paragraph.start : min(paragraph.end, paragraph.start + 70)].split()
    return paragraph.end - paragraph.start <= 60 and sum(not word[0].islower() for word in words) * 3 >= len(words) * 2


def _titles_entry(text: str, before: _Fragment | None, paragraph: _Fragment, after: _Fragment | None) -> bool:
    """Return whether a paragraph is the job title or the employer above the dated line `after`."""
    if after is None or after.gap or not _short(text, paragraph) or not _heads_entry(text, after):
        return False
    ended = before is not None and (
        before.bullet or bool(_SENTENCE_END.search(text, max(0, before.end - 2), before.end))
    )
    return paragraph.gap or (ended and _capitalised(text, paragraph))


def _entry_parts(text: str, paragraphs: Sequence[_Fragment]) -> list[int]:
    """Number the paragraphs so that those of one part may be joined.

    A part is the head of an entry (job title, employer, dates, place: short lines around a date) or a
    run of what is said about it.
    """
    numbers: list[int] = []
    number, in_head, head_length = 0, False, 0
    for before, paragraph, after in zip([None, *paragraphs[:-1]], paragraphs, [*paragraphs[1:], None], strict=True):
        length = paragraph.end - paragraph.start
        short = _short(text, paragraph)
        dated = _heads_entry(text, paragraph)
        place = short and _capitalised(text, paragraph) and "," in text[paragraph.start : paragraph.end]
        if in_head and head_length + length <= TARGET and not paragraph.gap and (dated or place) and short:
            head_length += length
        elif dated or _titles_entry(text, before, paragraph, after):
            number, in_head, head_length = number + 1, True, length
        elif in_head or (paragraph.gap and short and before is not None):
            number, in_head = number + 1, False
        numbers.append(number)
    return numbers


def _sweep(spans: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Join crumbs with the span before them, or the first one with the next, up to `most` characters."""
    swept: list[tuple[int, int]] = []
    for start, end in spans:
        short = min(end - start, swept[-1][1] - swept[-1][0]) if swept else end - start
        if swept and short < _CRUMB and end - swept[-1][0] <= most:
            swept[-1] = (swept[-1][0], end)
        else:
            swept.append((start, end))
    return swept


def _section_spans(text: str, section: Section, private: Sequence[Span], width: int) -> Iterator[tuple[int, int]]:
    listing = section.kind in _LIST_KINDS
    for _, block in groupby(_fragments(text, section, private), key=lambda fragment: fragment.block):
        paragraphs = _paragraphs(text, list(block), width)
        numbers = [0] * len(paragraphs) if listing else _entry_parts(text, paragraphs)
        spans: list[tuple[int, int]] = []
        for _, part in groupby(zip(numbers, paragraphs, strict=True), key=lambda pair: pair[0]):
            pieces = [piece for _, paragraph in part for piece in _pieces(text, paragraph, section.kind)]
            spans += pack(pieces, target=LIST_TARGET if listing else TARGET, alone=_ALONE)
        yield from _sweep(spans, LIST_TARGET + _CRUMB if listing else TARGET + 80)


def find_segments(text: str, sections: Sequence[Section], private: Sequence[Span]) -> Iterator[Segment]:
    """Yield the segments of `text` in order: disjoint, none across a title or a span of `private`."""
    width = _width(text)
    at = 0
    for section in sections:
        while at < len(private) and private[at].end <= section.start:
            at += 1
        stop = at
        while stop < len(private) and private[stop].start < section.end:
            stop += 1
        for start, end in _section_spans(text, section, private[at:stop], width):
            yield Segment(text[start:end], start, end, section.kind)
