"""Ranges of text to spans of one thought: at sentence ends, then clause marks, then spaces, then hard."""

import re
import unicodedata
from collections.abc import Iterator

from indexer.structure.text import has_alnum, trim

TARGET = 220  # characters of a segment; measured to rank best (longer dilutes, shorter lacks context)
HARD = 380  # a single sentence may be this long before it is split

_SENTENCE = re.compile(r"(?<![.!?…؟।])[.!?…؟।]++[\"'”’»)\]]{0,3}(?=\s)|[。！？]+[”」』）]{0,3}|\n[ \t]*\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|[Dd]r|[Pp]rof|St|Nr|No|Mr|Mrs|Ms|Inc|Ltd|Co|Corp|bzw|ca|ggf|inkl|evtl|etc|usw|vgl|approx|incl"
    r"|min|max|art|tel|ing|dipl|bspw|zzgl|mind|e\.g|i\.e|z\.\s?B|u\.\s?a|d\.\s?h|p\.\s?ex|bijv|resp|nt|np|m\.in|ex|Sr|Jr)\.$"
)
_SPACE = re.compile(r"\s*")
_CLAUSE = "；;:：،，,、|–—/"


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the trimmed sentences of `text[start:end]`; what has no letter or digit is left out."""
    begin = start
    for mark in _SENTENCE.finditer(text, start, end):
        if text[mark.start()] == ".":
            following = _SPACE.match(text, mark.end(), min(end, mark.end() + 40))
            after = text[following.end() : following.end() + 1] if following else ""
            if (
                after.islower()
                or text[begin : mark.start()].strip().isdigit()
                or _ABBREVIATION.search(text[max(begin, mark.start() - 8) : mark.start() + 1])
            ):
                continue
        yield from _kept(text, begin, mark.end())
        begin = mark.end()
    yield from _kept(text, begin, end)


def _kept(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    start, end = trim(text, start, end)
    if has_alnum(text, start, end):
        yield start, end


def cut_long(text: str, start: int, end: int, *, target: int = TARGET, hard: int = HARD) -> Iterator[tuple[int, int]]:
    """Yield `text[start:end]` whole where it has at most `hard` characters, else in pieces of about `target`."""
    while end - start > hard:
        cut = _cut(text, start + target // 2, start + hard, start + target)
        yield from _kept(text, start, cut)
        start, _ = trim(text, cut, end)
    yield from _kept(text, start, end)


def _cut(text: str, low: int, high: int, wish: int) -> int:
    """Return the best place in `(low, high]` to cut, the one nearest to `wish`."""
    places = range(low, high)
    clause = [at + 1 for at in places if text[at] in _CLAUSE and not text[at + 1 : at + 2].isalnum()]
    spaces = clause or [at for at in places if text[at].isspace()]
    if spaces:
        return min(spaces, key=lambda at: abs(at - wish))
    # Without a space: keep combining marks and joined emoji with what they belong to.
    for at in range(wish, min(wish + 12, high)):
        if not unicodedata.combining(text[at]) and text[at] != "\u200d" and text[at - 1] != "\u200d":
            return at
    return wish


def pack(spans: list[tuple[int, int]], *, target: int = TARGET, alone: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield neighbours of `spans` joined while the whole has at most `target` characters.

    A span of `alone` characters or more stays by itself. The spans are in order and nothing that must
    stay out lies between them.
    """
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current is None:
            current = (start, end)
        elif end - current[0] <= target and (alone is None or max(end - start, current[1] - current[0]) < alone):
            current = (current[0], end)
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current
