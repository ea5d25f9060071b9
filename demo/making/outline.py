"""The regular layout of the set's plain texts, taken apart once for every renderer.

A text is a header (name and headline, or a headline alone), then sections: a line in capitals after an
empty line, then entries parted by empty lines. Lines that start with a bullet are points of their entry.
"""

import re
import unicodedata
from dataclasses import dataclass

BULLETS = ("• ", "- ")
# Telephone ranges that the regulators keep free for fiction; other countries name none, so those get no number.
FICTIONAL_PHONES = {"de": "+49 30 23125 417", "en": "+44 20 7946 0312", "fr": "+33 1 99 00 41 27"}
CONTACT_HEADINGS = {"de": "KONTAKT", "en": "CONTACT", "es": "CONTACTO", "fr": "CONTACT"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Lines that belong together: those without a bullet, then the points (bullet taken off)."""

    lines: tuple[str, ...]
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its heading as written and its entries."""

    heading: str
    entries: tuple[Entry, ...]
    dated: bool  # the section of posts: each entry opens with a title line, most with a line of dates

    def lines(self) -> list[str]:
        """Return every line without a bullet, in order."""
        return [line for entry in self.entries for line in entry.lines]


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole resume. `name` is empty where the text gives a headline alone."""

    name: str
    headline: str
    parts: tuple[Part, ...]
    email: str
    phone: str


def outline(text: str, language: str) -> Outline:
    """Take one text apart. Raises ValueError for a text of another layout."""
    header, _, body = text.strip().partition("\n\n")
    blocks: list[tuple[str, list[str]]] = []
    for chunk in re.split(r"\n\n+", body):
        first, *rest = chunk.split("\n")
        if first == first.upper() and not first.startswith(BULLETS):
            blocks.append((first, ["\n".join(rest)] if rest else []))
        elif blocks:
            blocks[-1][1].append(chunk)
        else:
            raise ValueError(f"text before the first heading: {first!r}")
    parts = tuple(_part(heading, [_entry(chunk) for chunk in chunks]) for heading, chunks in blocks)
    lines = header.split("\n")
    name = lines[0] if len(lines) > 1 else ""
    contact = bool(name)
    return Outline(
        name, lines[-1], parts, _email(name) if contact else "", FICTIONAL_PHONES.get(language, "") if contact else ""
    )


def _part(heading: str, entries: list[Entry]) -> Part:
    # A list of skills may have points too; only posts have both a title and points.
    return Part(heading, tuple(entries), any(entry.lines and entry.points for entry in entries))


def _points(chunk: str) -> list[str]:
    return [line for line in chunk.split("\n") if line.startswith(BULLETS)]


def _entry(chunk: str) -> Entry:
    lines = tuple(line for line in chunk.split("\n") if not line.startswith(BULLETS))
    return Entry(lines, tuple(point[2:] for point in _points(chunk)))


def _email(name: str) -> str:
    """Return an address at a domain that is reserved for examples (RFC 2606), so that it can reach nobody."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", plain)
    return f"{words[0]}.{words[-1]}@example.org"
