"""Which section a heading opens: a lexicon of real headings in ten languages, matched fuzzily."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from indexer.resumes import SectionKind
from indexer.structure.text import BULLETS, fold, lexicon

DOCUMENT = "document"  # "Curriculum vitae": the title of the whole, no section of its own

_MAX_CHARACTERS = 60
_MAX_WORDS = 7
_CUTOFF = 92.0  # "Experiance" is 90.0 of "experience" by ratio, so length-aware below
_HINTED_CUTOFF = 86.0
_MIN_FUZZY = 7  # characters; shorter words have too many neighbours
_NUMBERING = re.compile(r"^[\W_]*(?:\d{1,2}|[IVXivx]{1,4}|[A-Ha-h])[.)]\s+")
_JOINERS = re.compile(r"\s*(?:[&/,+|]|\b(?:and|und|et|y|e|en|i|och|și|si)\b)\s*", re.IGNORECASE)
_SPACED = re.compile(r"^\W*\w(?:\s+\w|\s*&\s*\w){3,}\W*$")


class Match(NamedTuple):
    """What a heading says: its kind (`None` for a document title) and whether the word alone is too common."""

    kind: SectionKind | None
    weak: bool


@cache
def _known() -> dict[str, Match]:
    """Return the folded headings; of two kinds that share a word in two languages the first one listed wins."""
    data = lexicon("headings.json")
    weak = {fold(word) for word in data["weak"]}
    known: dict[str, Match] = {}
    for name, languages in data.items():
        if name in ("weak", "never"):
            continue
        kind = None if name == DOCUMENT else SectionKind(name)
        for words in languages.values():
            for word in words:
                known.setdefault(fold(word), Match(kind, fold(word) in weak))
    return known


@cache
def _spaceless() -> dict[str, Match]:
    return {key.replace(" ", ""): match for key, match in _known().items()}


@cache
def _never() -> frozenset[str]:
    """Return words that only look like a misspelt heading."""
    return frozenset(map(fold, lexicon("headings.json")["never"]))


def _compound(label: str) -> Match | None:
    """Return the first part's kind when every part of "Skills & Languages" is a heading by itself."""
    parts = [fold(part) for part in _JOINERS.split(label)]
    if not 2 <= len(parts) <= 4:
        return None
    matches = [_known().get(part) for part in parts]
    return matches[0]._replace(weak=False) if all(matches) and matches[0] else None


@lru_cache(maxsize=8192)
def match_heading(label: str, *, hinted: bool = False, fuzzy: bool = True) -> Match | None:
    """Return what the line or part of a line `label` says as a heading, or None where it says nothing.

    `hinted` marks a line that the source's layout already made a heading: the match may be looser.
    """
    label = label.strip()
    if len(label) > _MAX_CHARACTERS or not label or label[-1] in ".,;!?":
        return None
    label = _NUMBERING.sub("", label)
    key = fold(label)
    if not key:
        return None
    if _SPACED.match(label) and all(len(word) == 1 for word in key.split()):
        return _spaceless().get(key.replace(" ", ""))
    if len(key.split()) > _MAX_WORDS:
        return None
    exact = _known().get(key) or _compound(label)
    if exact or not fuzzy or len(key) < _MIN_FUZZY or key in _never():
        return exact
    found = process.extractOne(
        key, _known().keys(), scorer=fuzz.ratio, score_cutoff=_HINTED_CUTOFF if hinted else _cutoff(key)
    )
    # A typing error seldom hits the first letter; "information" must not read as "formation".
    return _known()[found[0]] if found and found[0][0] == key[0] else None


def _cutoff(key: str) -> float:
    return 90.0 if len(key) >= 10 else _CUTOFF


def heading_shaped(label: str) -> bool:
    """Return whether a line without a layout hint may be a heading: no bullet in front, a capital first."""
    label = label.strip()
    decorated = label[0] in BULLETS and label[-1] in BULLETS
    if not decorated and (label[0] in BULLETS or re.match(r"[-–—]\s", label)) and not label.isupper():
        return False
    first = next((char for char in label if char.isalpha()), "")
    return bool(first) and not first.islower()
