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
def _cues(name: str) -> re.Pattern[str]:
    cues = {cue for words in lexicon(_DATA)["cues"][name].values() for cue in words}
    ordered = sorted(cues, key=lambda cue: (-len(cue), cue))
    return re.compile(rf"(?<!\w)(?:{'|'.join(ordered)})(?!\w)", re.IGNORECASE)


@cache
def wish_opener() -> re.Pattern[str]:
    """Return the pattern of a comma after which a wish begins (", ideally with Scala")."""
    words = "|".join(word for words in lexicon(_DATA)["cues"]["opener"].values() for word in words)
    return re.compile(rf",\s(?=(?:{words})(?!\w))", re.IGNORECASE)


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


def _wish_or_demand(text: str) -> RequirementKind | None:
    """Return what the words of `text` say by themselves; a demand outranks a wish unless it is negated."""
    must = _cues("must").search(text)
    if must and not _NEGATION.search(text[max(0, must.start() - 24) : must.start()]):
        return RequirementKind.MUST
    return RequirementKind.NICE if must or _cues("nice").search(text) else None


def announced_kind(label: str) -> RequirementKind:
    """Return the kind under an unknown heading: what its words say, else what is asked for."""
    return (
        heading_kind(label)
        or _wish_or_demand(label)
        or (RequirementKind.CONTEXT if _MONEY.search(label) or _cues("context").search(label) else RequirementKind.MUST)
    )


def clause_kind(text: str, heading: RequirementKind | None, *, opening: bool = False) -> RequirementKind:
    """Return the kind of one clause under a heading of kind `heading`, or under none.

    Under a heading the clause can turn a demand into a wish, and what stands in the offer into a demand;
    money and dates there are part of the demand ("budgets above $50k"). Without a heading, what the
    employer says of itself, the offer's terms and the `opening` words of a text are context.
    """
    said = _wish_or_demand(text)
    if heading is RequirementKind.MUST:
        return said or heading
    if heading is RequirementKind.NICE:
        return heading
    terms = _MONEY.search(text) or _cues("context").search(text)
    if heading is RequirementKind.CONTEXT:
        return RequirementKind.MUST if said is RequirementKind.MUST and not terms else heading
    if said:
        return RequirementKind.CONTEXT if said is RequirementKind.NICE and _MONEY.search(text) else said
    if _cues("seeking").search(text):
        return RequirementKind.MUST
    return RequirementKind.CONTEXT if terms or opening or _cues("employer").match(text) else RequirementKind.MUST
