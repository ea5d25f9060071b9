"""A raw brief to its requirements: clauses with a kind (must, nice, context) and a weight."""

import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import NamedTuple

from indexer.briefs import Brief, RawBrief, Requirement, RequirementKind
from indexer.errors import BadRecord
from indexer.structure.contact import find_contacts
from indexer.structure.cues import WEIGHTS, announced_kind, clause_kind, heading_kind, wish_opener
from indexer.structure.language import detect_language
from indexer.structure.splitting import TARGET, cut_long, sentences
from indexer.structure.text import BULLETS, Line, has_alnum, lines_of, trim

MOST = 200  # requirements of one brief; beyond, neighbours of one kind are joined

_CRUMB = 12  # characters; a shorter clause says nothing alone
_INTRODUCED = 6  # clauses: a shorter brief goes straight to its demands, a longer one begins with the employer
_PHRASE = 34  # average characters of the phrases that a search request lists
_INLINE = re.compile(r"^[^\n:：.!?]{2,48}[:：]\s+(?=\S)")
_MARKER = re.compile(r"[-–—]\s|\(?\d{1,2}[.)]\s")
_CLAUSE = re.compile(r"[;；]\s*|\s[–—]\s")
_ENDS = re.compile(r"[.!?。！？](?:\s|$)")


class _Clause(NamedTuple):
    start: int
    end: int
    kind: RequirementKind


class _Body(NamedTuple):
    """A paragraph or bullet with the kind that its heading announces; `opening` before any heading or bullet."""

    start: int
    end: int
    kind: RequirementKind | None
    opening: bool


def _bulleted(text: str, line: Line) -> bool:
    return (
        text[line.start] in BULLETS or text[line.start] in "»›" or _MARKER.match(text, line.start, line.end) is not None
    )


def _announces(text: str, line: Line, following: Line | None) -> RequirementKind | None:
    """Return the kind that a heading line announces, or None where the line is no heading."""
    label = text[line.start : line.end]
    if len(label) > 70 or _bulleted(text, line) or label[-1] in ".,;!":
        return None
    known = heading_kind(label)
    if known or following is None:
        return known
    # An unknown short line over a list, or one that ends in a colon, is a heading in its author's own words.
    over_list = _bulleted(text, following) and not following.blank_before
    return announced_kind(label) if over_list or label[-1] in ":：" else None


def _bodies(text: str) -> Iterator[_Body]:
    """Yield the lines that are no heading, wrapped ones joined, with the kind their heading announces."""
    kind: RequirementKind | None = None
    body: _Body | None = None
    opening, listing = True, False
    lines = lines_of(text)
    pairs = list(zip_longest(lines, lines[1:]))
    headed = any(_announces(text, line, following) for line, following in pairs)
    for line, following in pairs:
        label = text[line.start : line.end]
        bullet = _bulleted(text, line)
        announced = _announces(text, line, following)
        inline = None if announced else _INLINE.match(label)
        inline_kind = heading_kind(inline.group()) if inline else None
        wraps = label[0].islower() and not (line.blank_before or bullet or inline_kind or announced)
        if body and wraps and text[body.end - 1] not in ".!?;:":
            body = body._replace(end=line.end)
            continue
        if body:
            yield body
        body = None
        if announced:
            kind, opening, listing = announced, False, False
            continue
        # A list under a heading ends where a plain paragraph follows an empty line.
        if listing and line.blank_before and not bullet:
            kind = None
        listing = listing or bullet
        start = line.start + inline.end() if inline and inline_kind else line.start
        body = _Body(start, line.end, inline_kind or kind, opening and headed and not inline_kind)
    if body:
        yield body


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
        marks = [*_CLAUSE.finditer(text, begin, stop), *wish_opener().finditer(text, begin, stop)]
        cuts = [begin, *sorted(mark.end() for mark in marks), stop]
        parts = [trim(text, left, right, marks=True) for left, right in pairwise(cuts)]
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
    demanded: RequirementKind | None = None  # the first clause's kind, were it not taken for an introduction
    for body in _bodies(text):
        for left, right in _free(text, body.start, body.end):
            phrases = _phrases(text, left, right) if single else []
            for start, end in phrases or _clauses(text, left, right):
                first = not found and not phrases
                kind = clause_kind(text[start:end], body.kind, opening=body.opening or first)
                if first:
                    demanded = clause_kind(text[start:end], body.kind, opening=body.opening)
                found.append(_Clause(start, end, kind))
    if demanded and len(found) < _INTRODUCED:
        found[0] = found[0]._replace(kind=demanded)
    return found


def _at_most(clauses: list[_Clause], most: int) -> list[_Clause]:
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
        clauses = _at_most(_split(text), MOST)
        requirements = tuple(
            Requirement(text[start:end], kind, WEIGHTS[kind], start, end) for start, end, kind in clauses
        )
    if not requirements and has_alnum(raw.title, 0, len(raw.title)):
        requirements = (Requirement(raw.title.strip()),)
    if not any(has_alnum(requirement.text, 0, len(requirement.text)) for requirement in requirements):
        raise BadRecord("the brief is empty; give it a title, a text or requirements")
    language = detect_language("\n".join([raw.title, text, *(r.text for r in requirements if r.start is None)]))
    return Brief(raw.brief_id, text, language, requirements, raw.title, raw.meta)


def _located(text: str, given: Requirement) -> Requirement:
    """Return a requirement of the source with its place in the text, where it occurs there word for word."""
    if given.start is not None and given.end is not None and text[given.start : given.end] == given.text:
        return given
    start = text.find(given.text) if given.text else -1
    end = start + len(given.text)
    return Requirement(given.text, given.kind, given.weight, *((start, end) if start >= 0 else (None, None)))
