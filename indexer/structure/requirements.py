"""A raw brief to its requirements: clauses with a kind (must, nice, context) and a weight."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.briefs import Brief, RawBrief, Requirement, RequirementKind
from indexer.errors import BadRecord
from indexer.structure.contact import find_contacts
from indexer.structure.cues import WEIGHTS, cue_kind, heading_kind
from indexer.structure.language import detect_language
from indexer.structure.splitting import HARD, TARGET, cut_long, pack, sentences
from indexer.structure.text import BULLETS, Line, has_alnum, lines_of, trim

MOST = 200  # requirements of one brief; beyond, neighbours of one kind are joined

_CRUMB = 12  # characters; a shorter clause says nothing alone
_PHRASE = 34  # average characters of the phrases that a search request lists
_INLINE = re.compile(r"^[^\n:：.!?]{2,48}[:：]\s+(?=\S)")
_MARKER = re.compile(r"[-–—]\s|\(?\d{1,2}[.)]\s")
_CLAUSE = re.compile(r"[;；]\s*|\s[–—]\s")
_ENDS = re.compile(r"[.!?。！？](?:\s|$)")


class _Clause(NamedTuple):
    start: int
    end: int
    kind: RequirementKind


def _is_heading(text: str, line: Line) -> bool:
    label = text[line.start : line.end]
    bullet = label[0] in BULLETS or _MARKER.match(label) is not None
    return len(label) <= 70 and not bullet and label[-1] not in ".,;"


def _bodies(text: str) -> Iterator[tuple[int, int, RequirementKind | None]]:
    """Yield the lines that are no heading, wrapped ones joined, with the kind their heading announces."""
    kind: RequirementKind | None = None
    open_start = open_end = 0
    for line in lines_of(text):
        start, end, blank = line
        label = text[start:end]
        announced = heading_kind(label) if _is_heading(text, line) else None
        inline = None if announced else _INLINE.match(label)
        inline_kind = heading_kind(inline.group()) if inline else None
        wrapped = (
            not blank
            and open_end > open_start
            and label[0].islower()
            and text[open_end - 1] not in ".!?;:"
            and not inline_kind
        )
        if wrapped:
            open_end = end
            continue
        if open_end > open_start:
            yield open_start, open_end, kind
        if announced:
            kind, open_start, open_end = announced, 0, 0
            continue
        if inline and inline_kind:
            kind, start = inline_kind, start + inline.end()
        open_start, open_end = start, end
    if open_end > open_start:
        yield open_start, open_end, kind


def _phrases(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the phrases of a search request ("senior data engineer, Kafka, German C1"), or nothing."""
    body = text[start:end]
    if _ENDS.search(body.rstrip(".!?")) or len(body) > 600:
        return []
    found: list[tuple[int, int]] = []
    begin = start
    for mark in re.finditer(r"[,;、，；|•\n]+|\s\+\s", body):
        found.append((begin, start + mark.start()))
        begin = start + mark.end()
    found.append((begin, end))
    kept = [piece for piece in (trim(text, *item, marks=True) for item in found) if has_alnum(text, *piece)]
    return kept if len(kept) > 2 and sum(b - a for a, b in kept) / len(kept) <= _PHRASE else []


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a paragraph, divided where a clause of another weight begins."""
    for begin, stop in sentences(text, start, end):
        cuts = [begin, *(mark.end() for mark in _CLAUSE.finditer(text, begin, stop)), stop]
        parts = [trim(text, left, right, marks=True) for left, right in zip(cuts, cuts[1:], strict=False)]
        parts = [part for part in parts if has_alnum(text, *part)]
        for left, right in _without_crumbs(parts):
            yield from cut_long(text, left, right)


def _without_crumbs(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in parts:
        if joined and min(end - start, joined[-1][1] - joined[-1][0]) < _CRUMB:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _free(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield `[start, end)` without the contact details in it: they ask for nothing."""
    for contact in find_contacts(text[start:end]):
        yield start, start + contact.start
        start, end = start + contact.end, end
        yield from _free(text, start, end)
        return
    yield start, end


def _split(text: str) -> list[_Clause]:
    single = len(lines_of(text)) <= 2
    found: list[_Clause] = []
    for start, end, heading in _bodies(text):
        for left, right in _free(text, start, end):
            pieces = (_phrases(text, left, right) if single else []) or list(_clauses(text, left, right))
            for piece in pieces:
                kind = cue_kind(text[piece[0] : piece[1]]) or heading or RequirementKind.MUST
                found.append(_Clause(*piece, kind))
    return found


def _at_most(text: str, clauses: list[_Clause], most: int) -> list[_Clause]:
    """Return `clauses` with neighbours joined until there are at most `most`; no text is dropped."""
    target = TARGET
    while len(clauses) > most:
        joined: list[_Clause] = []
        for clause in clauses:
            last = joined[-1] if joined else None
            same = last is not None and (last.kind == clause.kind or target > 4 * TARGET)
            if last is not None and same and clause.end - last.start <= target:
                joined[-1] = _Clause(
                    last.start, clause.end, min(last.kind, clause.kind, key=list(RequirementKind).index)
                )
            else:
                joined.append(clause)
        clauses, target = joined, target * 2
    return clauses


def structure_brief(raw: RawBrief) -> Brief:
    """Return `raw` with its language and its requirements; those the source gave are kept as they are.

    A brief of a title alone has the title as its one requirement. Raises `BadRecord` where neither
    text, title nor requirements hold a letter or digit.
    """
    text = raw.text
    if raw.requirements:
        requirements = tuple(_located(text, requirement) for requirement in raw.requirements)
    else:
        clauses = _at_most(text, _split(text), MOST)
        requirements = tuple(
            Requirement(text[start:end], kind, WEIGHTS[kind], start, end) for start, end, kind in clauses
        )
    if not requirements and has_alnum(raw.title, 0, len(raw.title)):
        requirements = (Requirement(raw.title.strip()),)
    if not any(has_alnum(requirement.text, 0, len(requirement.text)) for requirement in requirements):
        raise BadRecord(f"{raw.origin}: the brief is empty; give it a title, a text or requirements")
    language = detect_language("\n".join([raw.title, text, *(r.text for r in requirements if r.start is None)]))
    return Brief(raw.brief_id, text, language, requirements, raw.title, raw.meta)


def _located(text: str, given: Requirement) -> Requirement:
    """Return a requirement of the source with its place in the text, where it occurs there word for word."""
    if given.start is not None and given.end is not None and text[given.start : given.end] == given.text:
        return given
    start = text.find(given.text) if given.text else -1
    end = start + len(given.text)
    return Requirement(given.text, given.kind, given.weight, *((start, end) if start >= 0 else (None, None)))
