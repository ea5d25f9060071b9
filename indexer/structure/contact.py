"""Contact details: the spans of a text that are never encoded and never sent to a model.

E-mail addresses, phone numbers and profile URLs are found anywhere; home pages and address lines only in
the contact block (above the first heading, or in a contact section), where they cannot be anything else.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import zip_longest

import phonenumbers

from indexer.resumes import Span
from indexer.structure.text import Line, has_alnum, lexicon, trim

_LOCAL = re.compile(r"[\w.+%'-]", re.UNICODE)
_DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[^\W_][\w-]{0,62}){1,6}")
_URL_TAIL = re.compile(r"[^\s<>|,;\"()\[\]{}•]{0,300}")
_SCHEME = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
_BARE_DOMAIN = re.compile(
    r"(?<![\w@.-])[a-z0-9][a-z0-9-]{1,40}\.(?:[a-z0-9-]{2,30}\.)?(?:com|net|org|io|dev|me|de|fr|es|it|nl|pt|pl|ro|se|uk|eu|at|ch|be|info|name|page|tech)\b(?:/(?:[\w./-]{0,100}[\w/-])?)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,/$€£])[+(]?\(?\d(?:[ \t\u00a0().\-–/]{0,3}\d){6,14}(?![\w%€$£]|[.,]\d)")
_YEARS = re.compile(
    r"^\D*(?:19|20)\d\d\D+(?:19|20)\d\d\D*$|^\D*\d{1,2}[./-](?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d\b|^(?:19|20)\d\d\b(?=[./-]\d\d\b)"
)
_NORTH_AMERICAN = re.compile(r"^(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[ .-]\d{4}$")
_REGIONS = {
    "en": ("US", "GB"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX"),
    "it": ("IT",),
    "nl": ("NL", "BE"),
    "pt": ("PT", "BR"),
    "pl": ("PL",),
    "ro": ("RO",),
    "sv": ("SE",),
}
_POSTCODE = re.compile(
    r"(?:\b[A-Z]{1,3}-)?(?<!\d)(?!(?:19|20)\d\d\s)\d{4,5}\s+[^\W\d_a-z][^\d\n]{2,40}$"  # de, fr, es, it, ch, at, be
    r"|\b\d{4}\s?[A-Z]{2}\s+[^\W\d_a-z][^\d\n]{2,40}$"  # nl
    r"|\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b"  # gb
    r"|\b[A-Z]{2},?\s+\d{5}(?:-\d{4})?\b"  # us
    r"|\b\d{2}-\d{3}\s+[^\W\d_a-z]|\b\d{4}-\d{3}\s+[^\W\d_a-z]|\b\d{3}\s\d{2}\s+[^\W\d_a-z]"  # pl, pt, se
    r"|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b"  # ca
)
_HOUSE = re.compile(r"[^\W\d_][^\d\n]{2,50}\s\d{1,4}(?:\s?[a-zA-Z])?,?")
_PIECE = re.compile(r"[^|•·;\n\t]+")
_BLOCK_LINES = 15
_LINE = 400  # characters of a line in a contact block; more is running text


@cache
def _hosts() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, lexicon("contact.json")["profile_hosts"])), re.IGNORECASE)


def _names_host(text: str) -> bool:
    """Return whether any profile host may occur: thirty plain searches are quicker than one alternation."""
    lowered = text.lower()
    return any(host in lowered for host in lexicon("contact.json")["profile_hosts"])


@cache
def _label() -> re.Pattern[str]:
    words = sorted(lexicon("contact.json")["labels"], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})\s?[.:)]{{0,2}}[^\S\n]*$", re.IGNORECASE)


@cache
def _personal() -> re.Pattern[str]:
    words = "|".join(map(re.escape, lexicon("contact.json")["personal_labels"]))
    return re.compile(rf"(?:{words})\s?:\s*\S.*", re.IGNORECASE)


@cache
def _street() -> re.Pattern[str]:
    data = lexicon("contact.json")
    before, after, english = ("|".join(data[key]) for key in ("street_before", "street_after", "street_english"))
    return re.compile(
        rf"\b\d{{1,5}}[a-z]?,?\s+(?:bis\s+|ter\s+)?(?i:{before})\s+\S"
        rf"|(?<!\w)(?i:{before})\s+[^\d\n]{{2,50}}\d{{1,5}}\b"
        rf"|\w{{2,30}}[ -]?(?i:{after})\s*\d{{1,4}}\s?[a-zA-Z]?\b"
        rf"|\b\d{{1,5}}[a-zA-Z]?\s+(?:[A-Z0-9][\w'.-]*\s+){{1,4}}(?i:{english})\b"
    )


def _emails(text: str) -> Iterable[Span]:
    at = text.find("@")
    while at >= 0:
        start = at
        while start > max(0, at - 64) and _LOCAL.match(text[start - 1]):
            start -= 1
        domain = _DOMAIN.match(text, at + 1)
        if start < at and domain and has_alnum(text, start, at):
            yield Span(start, domain.end())
        at = text.find("@", at + 1)


def _urls(text: str, pattern: re.Pattern[str], start: int, end: int) -> Iterable[Span]:
    """Yield the URLs whose host or scheme `pattern` finds, with what stands before and behind."""
    for found in pattern.finditer(text, start, end):
        begin = found.start()
        while begin > max(start, found.start() - 40) and (text[begin - 1].isalnum() or text[begin - 1] in "/:.-"):
            begin -= 1
        tail = _URL_TAIL.match(text, found.end(), end)
        stop = tail.end() if tail else found.end()
        while stop > found.end() and text[stop - 1] in ".:!?'":
            stop -= 1
        # A host in mid-word ("infox.com/") or without anything behind it is a mention, not a profile.
        if found.group()[-1] in "/@:" or text[stop - 1] not in "mniorg" or stop > found.end() or pattern is _SCHEME:
            yield Span(begin, stop)


def _valid_phone(number: str, regions: Sequence[str], *, sure: bool) -> bool:
    """Return whether `number` can be dialled: any written with its country code, else one of the regions."""
    for region in (None,) if number.startswith("+") else regions:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) if sure else phonenumbers.is_valid_number(parsed):
            return True
    return False


def _phones(text: str, language: str, start: int, end: int, *, block: bool) -> Iterable[Span]:
    """Yield phone numbers; inside a contact `block` they need neither country code nor label."""
    regions = _REGIONS.get(language, ("US", "GB", "DE", "FR"))
    for found in _NUMBER.finditer(text, start, end):
        number = found.group()
        if _YEARS.search(number):
            continue
        labelled = _label_before(text, found.start()) is not None
        # Elsewhere a bare row of digits is an article number or a budget more often than a phone.
        plausible = number.startswith("+") or labelled or block or _NORTH_AMERICAN.match(number)
        if plausible and _valid_phone(number, regions, sure=labelled or number.startswith("+")):
            yield Span(found.start(), found.end())


def _addresses(text: str, lines: Sequence[Line]) -> Iterable[Span]:
    """Yield lines of the contact block that are labelled as personal, and its streets and cities with postcode."""
    pieces: list[Span] = []
    for line in lines:
        if personal := _personal().match(text, line.start, line.end):
            yield Span(personal.start(), personal.end())
        else:
            trimmed = (trim(text, *piece.span()) for piece in _PIECE.finditer(text, line.start, line.end))
            pieces += (Span(start, end) for start, end in trimmed)
    for piece, following in zip_longest(pieces, pieces[1:]):
        part = text[piece.start : piece.end]
        # "Am Markt 5" names no street by its words, but by the city with postcode that follows it.
        housed = following and _HOUSE.fullmatch(part) and _POSTCODE.match(text[following.start : following.end])
        named = not part.endswith(".") and (_street().search(part) or _POSTCODE.search(part))
        if 5 <= len(part) <= 100 and (housed or named):
            yield piece


def _label_before(text: str, at: int) -> re.Match[str] | None:
    """Return the label ("Tel.:") that ends right before `at`, or None."""
    ahead = text[max(0, at - 24) : at].rstrip()
    if not ahead or not (ahead[-1].isalpha() or ahead[-1] in ".:)"):
        return None
    return _label().search(text, max(0, at - 24), at)


def _with_label(text: str, span: Span) -> Span:
    """Return `span` together with the "Tel.:" in front of it."""
    label = _label_before(text, span.start)
    # One-letter labels and words need their colon: "by mail x@y" keeps its words.
    if label and (":" in label.group() or "." in label.group()):
        return Span(label.start(), span.end)
    return span


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return `spans` in order, overlapping and touching ones made one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def find_contacts(text: str, language: str = "und") -> list[Span]:
    """Return the e-mail addresses, phone numbers and profile URLs of `text`, ordered and disjoint."""
    found = [*_emails(text), *_phones(text, language, 0, len(text), block=False)]
    if _names_host(text):
        found += _urls(text, _hosts(), 0, len(text))
    return merge(_with_label(text, span) for span in merge(found))


def find_addresses(text: str, lines: Sequence[Line], language: str = "und") -> list[Span]:
    """Return the home pages, address lines and plain phone numbers in the first of a contact block's `lines`."""
    found: list[Span] = []
    block = lines[:_BLOCK_LINES]
    for line in block:
        end = min(line.end, line.start + _LINE)
        found += _urls(text, _SCHEME, line.start, end)
        found += _phones(text, language, line.start, end, block=True)
        if line.end - line.start <= 160:
            found += (Span(bare.start(), bare.end()) for bare in _BARE_DOMAIN.finditer(text, line.start, end))
    found += _addresses(text, [line for line in block if line.end - line.start <= 160])
    return merge(_with_label(text, span) for span in merge(found))
