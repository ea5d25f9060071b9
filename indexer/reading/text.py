"""Bytes to clean text, and text that is put together line by line with heading hints."""

import codecs
import re

from indexer.errors import TooLong, UnreadableFile
from indexer.limits import Limits
from indexer.resumes import Heading, SectionKind

BULLET = "• "

# Bidi controls reorder what a person sees but not what is encoded: an easy way to hide text. U+FEFF is a stray BOM.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")
_NEWLINES = re.compile("\r\n?|[\v\f\u0085\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON may hold lone ones; they cannot be written as UTF-8
_BULLETED = re.compile(r"\s*[•‣▪●◦■–—*·-]\s")
_SENTENCE_END = (".", ",", ";", "!", "?")
_HEADING_CHARACTERS, _HEADING_WORDS = 60, 6


def clean(text: str) -> str:
    """Newlines become \\n, other control characters but \\t a space; bidi controls go."""
    text = _NEWLINES.sub("\n", text)
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", _DROPPED.sub("", text)))


def utf16_encoding(head: bytes) -> str | None:
    """The codec of a UTF-16 byte order mark, or None."""
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, or UTF-16 with one. Raises UnreadableFile with the offset of the bad byte."""
    encoding = utf16_encoding(data) or "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        name = encoding.upper()
        raise UnreadableFile(f"invalid {name} at byte {error.start}; save it as UTF-8 and read it again") from None


def checked(text: str, limits: Limits) -> str:
    """Return `text` unless it is blank (UnreadableFile) or longer than the limit (TooLong)."""
    if not text.strip():
        raise UnreadableFile("empty: no text in it; remove it or export it again")
    if len(text) > limits.characters:
        raise TooLong(
            f"{len(text):,} characters of text, the limit is {limits.characters:,}; shorten it or raise the limit"
        )
    return text


def looks_like_heading(line: str) -> bool:
    """Say whether a line that stands out by its type can be a heading: short, no sentence, no bullet."""
    line = line.strip()
    return (
        0 < len(line) <= _HEADING_CHARACTERS
        and len(line.split()) <= _HEADING_WORDS
        and any(character.isalpha() for character in line)
        and not line.endswith(_SENTENCE_END)
        and not is_bulleted(line)
    )


def is_bulleted(line: str) -> bool:
    """Say whether a line opens with a bullet character."""
    return _BULLETED.match(line) is not None


class Composer:
    """Puts a text together line by line; every line is cleaned, so that offsets of headings stay true."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []

    def line(self, text: str) -> None:
        """Append the lines of `text`; a blank one becomes a paragraph break."""
        for piece in clean(text).split("\n"):
            if piece.strip():
                self._append(piece.rstrip())
            else:
                self.blank()

    def heading(self, text: str, kind: SectionKind | None = None) -> None:
        """Append one heading after a paragraph break."""
        title = " ".join(clean(text).split())
        if not title:
            return
        self.blank()
        self._headings.append(Heading(self._length, self._length + len(title), kind))
        self._append(title)

    def blank(self) -> None:
        """Append a blank line unless there is one, or nothing, before it."""
        if self._parts and self._parts[-1]:
            self._append("")

    def _append(self, line: str) -> None:
        self._parts.append(line)
        self._length += len(line) + 1

    @property
    def text(self) -> str:
        return "\n".join(self._parts).rstrip("\n")

    @property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(self._headings)
