"""Whether the first line of a resume is the person's name alone. When unsure, it is not: a job title is precious."""

import re
from collections.abc import Sequence
from functools import cache

from indexer.resumes import Span
from indexer.structure.headings import match_heading
from indexer.structure.text import Line, fold, lexicon

_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_ALLOWED = re.compile(r"[^\W\d_]|[\s'’.,-]")


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(fold(word) for word in lexicon("names.json")[key])


def _name_shaped(label: str) -> list[str] | None:
    """Return the folded words of two to five capitalised words that name no occupation, else None."""
    words = _WORD.findall(label)
    if not 2 <= len(words) <= 5 or len(label) > 45 or not all(_ALLOWED.match(char) for char in label):
        return None
    proper = [word for word in words if fold(word) not in _words("particles")]
    if not 2 <= len(proper) <= 4 or not all(word[0].isupper() for word in proper):
        return None
    folded = [fold(word) for word in proper]
    parts = [part for word in folded for part in word.split()]
    suffixes = tuple(_words("job_suffixes"))
    if any(part in _words("job_words") or part.endswith(suffixes) for part in parts):
        return None
    return None if match_heading(label) else folded


def find_name(text: str, lines: Sequence[Line], contacts: Sequence[Span], first_heading: int) -> Span | None:
    """Return the span of the first line where it is a name alone, else None.

    It must look like one, share no word with the rest of the text, and have one more sign: an e-mail
    address made of it, contact details within the next lines, or a headline under it, before the first
    heading at `first_heading`. A line in capitals needs one of the first two signs.
    """
    if not lines or lines[0].start >= first_heading:
        return None
    line = lines[0]
    label = text[line.start : line.end]
    names = _name_shaped(label)
    if names is None:
        return None
    name = Span(line.start, line.end)
    nearby = lines[min(4, len(lines) - 1)].end
    close = [text[span.start : span.end] for span in contacts if span.start < nearby]
    if any(part in fold(contact).replace(" ", "") for contact in close for part in names if len(part) > 2):
        return name
    elsewhere = set(fold(text[line.end : line.end + 20_000]).split())
    if any(part in elsewhere for word in names for part in word.split()):
        return None
    if close:
        return name
    headline = len(lines) > 1 and lines[1].start < first_heading and lines[1].end - lines[1].start <= 120
    return name if headline and not label.isupper() else None
