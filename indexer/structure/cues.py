"""How much a requirement binds, by the headings above it and by cue words inside it, in ten languages."""

import re
from functools import cache

from rapidfuzz import fuzz, process

from indexer.briefs import RequirementKind
from indexer.structure.text import fold, lexicon

WEIGHTS = {RequirementKind.MUST: 1.0, RequirementKind.NICE: 0.5, RequirementKind.CONTEXT: 0.2}

_DATA = "requirement_cues.json"
_MONEY = re.compile(r"[$€£]\s?\d|\d\s?(?:[$€£]|EUR|USD|PLN|SEK|CHF|GBP)\b|\b\d+k\b")
_NEGATION = re.compile(
    r"\b(?:not|no|n't|nicht|kein\w*|pas|non|no|niet|geen|não|nie|nu|inte|inget)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)


@cache
def _headings() -> dict[str, RequirementKind]:
    found: dict[str, RequirementKind] = {}
    for name, languages in lexicon(_DATA)["headings"].items():
        for words in languages.values():
            for word in words:
                found.setdefault(fold(word), RequirementKind(name))
    return found


@cache
def _cues(kind: RequirementKind) -> re.Pattern[str]:
    cues = {cue for words in lexicon(_DATA)["cues"][kind].values() for cue in words}
    ordered = sorted(cues, key=lambda cue: (-len(cue), cue))
    return re.compile(rf"(?<!\w)(?:{'|'.join(ordered)})(?!\w)", re.IGNORECASE)


def heading_kind(label: str) -> RequirementKind | None:
    """Return the kind of requirement that the heading `label` announces, or None where it is no known heading."""
    key = fold(label)
    if not key or len(key) > 60 or len(key.split()) > 7:
        return None
    exact = _headings().get(key)
    if exact or len(key) < 8:
        return exact
    found = process.extractOne(key, _headings().keys(), scorer=fuzz.ratio, score_cutoff=90)
    return _headings()[found[0]] if found and found[0][0] == key[0] else None


def cue_kind(text: str) -> RequirementKind | None:
    """Return the kind that the words of `text` themselves say, or None where they say nothing.

    A demand outranks a wish, except when it is negated ("not required"); a wish outranks the offer's terms.
    """
    must = _cues(RequirementKind.MUST).search(text)
    if must and not _NEGATION.search(text[max(0, must.start() - 24) : must.start()]):
        return RequirementKind.MUST
    if must or _cues(RequirementKind.NICE).search(text):
        return RequirementKind.NICE
    if _MONEY.search(text) or _cues(RequirementKind.CONTEXT).search(text):
        return RequirementKind.CONTEXT
    return None
