"""Which format a source has: by its suffix, and by its first bytes where the suffix says nothing or lies."""

import json
from enum import Enum, auto

import puremagic

from indexer.errors import NeedsOCR, UnreadableFile


class Format(Enum):
    """Formats that are read."""

    PDF = auto()
    DOCX = auto()
    MARKDOWN = auto()
    HTML = auto()
    JSON = auto()
    JSON_LINES = auto()
    TEXT = auto()


_SUFFIXES = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".json": Format.JSON,
    ".jsonld": Format.JSON,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".txt": Format.TEXT,
}
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_CONVERT = "save it as PDF, DOCX or plain text"
_PICTURES = "image/"
_SURE = 0.8  # puremagic's confidence


def format_of(suffix: str, head: bytes) -> Format:
    """Tell the format. Raises UnreadableFile for an empty source and for types that nobody reads."""
    if not head:
        raise UnreadableFile("empty: 0 bytes; remove it or export it again")
    if head.startswith(b"%PDF-"):
        return Format.PDF
    if head.startswith(_ZIP):
        if suffix == ".docx" or b"word/" in head:
            return Format.DOCX
        raise UnreadableFile("a zip archive and no DOCX; unpack it and give the folder")
    if head.startswith(_OLE):
        if suffix == ".docx":
            raise UnreadableFile("encrypted: it opens only with a password; save it without one")
        raise UnreadableFile(f"an old binary Office file (.doc), which is not read; {_CONVERT}")
    if head.startswith(b"{\\rtf"):
        raise UnreadableFile(f"an RTF file, which is not read; {_CONVERT}")
    known = _SUFFIXES.get(suffix)
    if known is Format.JSON:
        return Format.JSON_LINES if _first_line_is_object(head, more=True) else known
    return known or _sniffed(head)


def _sniffed(head: bytes) -> Format:
    text = head.lstrip()
    if _first_line_is_object(text, more=False):
        return Format.JSON_LINES
    if not text.startswith((b"{", b"[")):
        return Format.TEXT
    try:
        json.loads(head)
    except ValueError:
        # Longer than the look-ahead, or broken. An object is written over several lines, or a line each.
        pretty = text[1:].lstrip(b" \t\r").startswith(b"\n")
        return Format.JSON if pretty else Format.JSON_LINES if text[1:].lstrip().startswith(b'"') else Format.TEXT
    return Format.JSON


def _first_line_is_object(head: bytes, *, more: bool) -> bool:
    line, _, rest = head.lstrip().partition(b"\n")
    if not line.startswith(b"{") or (more and not rest.strip()):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def binary_type(data: bytes) -> UnreadableFile | None:
    """The error that names what a file is which does not decode as text; None when it may be text after all."""
    try:
        found = max(puremagic.magic_string(data[:4096]), key=lambda match: match.confidence)
    except (puremagic.PureError, ValueError):
        return UnreadableFile(f"binary data of an unknown type; {_CONVERT}") if b"\0" in data[:4096] else None
    if found.mime_type.startswith(_PICTURES) and found.confidence >= _SURE:
        return NeedsOCR(f"needs OCR: a picture ({found.name or found.mime_type}); run OCR on it first")
    if b"\0" in data[:4096]:
        return UnreadableFile(f"binary data ({found.name or found.extension}), which is not read; {_CONVERT}")
    return None
