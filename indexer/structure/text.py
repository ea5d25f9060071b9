"""Lines, trimming and folding: the small operations on a text that everything in this package shares."""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from json import loads
from typing import Any, NamedTuple

BULLETS = frozenset("•●▪■◦‣·∙○◆◇►▶▸➢➤➔→✓✔✗★☆❖⁃◼◾‧⦁□☐*")
_LEADING = frozenset(",;|»›")
_DASHES = frozenset("-–—")
_TRAILING = frozenset(",;|/") | BULLETS | _DASHES
# Letters that Unicode does not decompose into a base letter and an accent.
_FOLDED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})
_NOT_ALNUM = re.compile(r"[\W_]+")


class Line(NamedTuple):
    """One line of a text without its line break: `[start, end)`, trimmed of white space."""

    start: int
    end: int
    blank_before: bool  # an empty line, or the beginning of the text, precedes it


@cache
def lexicon(name: str) -> Any:
    """Return the parsed JSON data file `name` of this package."""
    return loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf")


def trim(text: str, start: int, end: int, *, marks: bool = False) -> tuple[int, int]:
    """Move `start` and `end` inwards over white space and invisible characters.

    With `marks`, also over a bullet in front and over separators behind. The result is empty
    (`start >= end`) where nothing is left.
    """
    if start < end and text[start].isalnum() and text[end - 1].isalnum():
        return start, end
    while start < end and (
        _blank(text[start])
        or (marks and text[start] in BULLETS)
        or (marks and text[start] in _DASHES and not text[start + 1 : start + 2].isalnum())
        or (marks and text[start] in _LEADING)
    ):
        start += 1
    while end > start and (_blank(text[end - 1]) or (marks and text[end - 1] in _TRAILING)):
        end -= 1
    return start, end


def has_alnum(text: str, start: int, end: int) -> bool:
    """Return whether there is a letter or a digit in `text[start:end]`."""
    return any(map(str.isalnum, text[start:end]))


def lines_of(text: str) -> list[Line]:
    """Return the lines that hold a letter or a digit, in order. Every kind of line break counts."""
    found: list[Line] = []
    position, blank = 0, True
    for line in text.splitlines(keepends=True):
        start, end = trim(text, position, position + len(line))
        position += len(line)
        if start >= end:
            blank = True
        elif has_alnum(text, start, end):
            found.append(Line(start, end, blank))
            blank = False
    return found


def fold(text: str) -> str:
    """Return `text` in lower case without accents, with single spaces for all that is no letter or digit."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_ALNUM.sub(" ", plain.replace("'", " ")).strip()
