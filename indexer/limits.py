"""How much one resume or one file may ask for. Passed in by the caller; the defaults fit real databases."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Above any of these an item is rejected with a message, and the rest goes on."""

    file_bytes: int = 50_000_000  # one document, unpacked; the largest honest resume seen is a tenth of it
    characters: int = 1_000_000  # of text in one resume, about 300 pages
    segments: int = 2_000  # in one resume; the longest of 2,483 real ones has under 300
    line_bytes: int = 20_000_000  # one JSON line
    parse_seconds: float = 20.0  # for one PDF, DOCX or Markdown file, in a child process
    parse_bytes: int = 1_500_000_000  # memory of that child process
