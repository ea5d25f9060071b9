"""JSON Resume 1.0 (https://jsonresume.org/schema): every leaf becomes text, every section a heading with its kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.reading.documents import Document
from indexer.reading.text import BULLET, Composer
from indexer.resumes import SectionKind

_SECTIONS = {
    "work": ("Experience", SectionKind.EXPERIENCE),
    "volunteer": ("Volunteering", SectionKind.EXPERIENCE),
    "projects": ("Projects", SectionKind.PROJECTS),
    "education": ("Education", SectionKind.EDUCATION),
    "skills": ("Skills", SectionKind.SKILLS),
    "languages": ("Languages", SectionKind.LANGUAGES),
    "certificates": ("Certifications", SectionKind.CERTIFICATIONS),
    "awards": ("Awards", SectionKind.OTHER),
    "publications": ("Publications", SectionKind.PUBLICATIONS),
    "interests": ("Interests", SectionKind.OTHER),
    "references": ("References", SectionKind.OTHER),
}
# What names an entry comes first on one line, then when, then the rest.
# fmt: off
_NAMING = (
    "position", "studyType", "area", "title", "name", "language", "fluency", "level", "organization", "institution",
    "entity", "publisher", "issuer", "awarder", "type", "location", "network", "username",
)
# fmt: on
_DATES = ("startDate", "endDate", "date", "releaseDate")
_PROSE = ("description", "summary", "reference")
_LISTS = ("highlights", "courses", "keywords", "roles")
_RECORD_KEYS = {"resume_id", "id", "_id", "person_id", "version", "meta", "metadata", "$schema", "basics"}
_LABELS = {"location": "Address", "profiles": "Network"}
CONTENT_KEYS = ("text", "sections", "file")


def is_json_resume(record: Mapping[str, Any]) -> bool:
    """Say whether an object has the shape of a JSON Resume."""
    if any(record.get(key) is not None for key in CONTENT_KEYS):
        return False
    return isinstance(record.get("basics"), Mapping) or any(
        isinstance(entries := record.get(key), list) and any(isinstance(entry, Mapping) for entry in entries)
        for key in _SECTIONS
    )


def read_json_resume(record: Mapping[str, Any]) -> Document:
    """Write a JSON Resume out as text. Contact details stand under a heading of kind `contact`, labelled."""
    composer = Composer()
    basics = record.get("basics")
    if isinstance(basics, Mapping):
        _write_basics(composer, basics)
    known = [key for key in _SECTIONS if key in record]
    other = [key for key in record if key not in _SECTIONS and key not in _RECORD_KEYS]
    for key in known + other:
        title, kind = _SECTIONS.get(key, (_label(key), SectionKind.OTHER))
        if any(True for _ in _leaves(record[key])):
            composer.heading(title, kind)
            _write_entries(composer, record[key])
    return Document(composer.text, composer.headings)


def _write_basics(composer: Composer, basics: Mapping[str, Any]) -> None:
    about = ("label", "summary")
    details = [
        (key, leaves)
        for key, value in basics.items()
        if key not in about
        for leaves in ([list(_leaves(item)) for item in value] if isinstance(value, list) else [list(_leaves(value))])
        if leaves
    ]
    if details:
        composer.heading("Contact", SectionKind.CONTACT)
        for key, leaves in details:  # a place or a profile on one line: its parts alone don't look like contact
            composer.line(f"{_LABELS.get(key) or _label(key)}: {', '.join(leaf for _, leaf in leaves)}")
    written = [leaf for key in about for _, leaf in _leaves(basics.get(key))]
    if written:
        composer.heading("Summary", SectionKind.SUMMARY)
        for leaf in written:
            composer.line(leaf)


def _write_entries(composer: Composer, value: Any) -> None:
    for number, entry in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(entry, Mapping):
            if number:
                composer.blank()
            _write_entry(composer, entry)
        else:
            for _, leaf in _leaves(entry):
                composer.line(leaf)


def _write_entry(composer: Composer, entry: Mapping[str, Any]) -> None:
    plain = {key: str(value) for key, value in entry.items() if _is_leaf(value)}
    naming = ", ".join(plain.pop(key) for key in _NAMING if key in plain)
    dates = " – ".join(plain.pop(key) for key in _DATES if key in plain)
    composer.line(f"{naming} ({dates})" if naming and dates else naming or dates)
    for key in _PROSE:
        if key in plain:
            composer.line(plain.pop(key))
    for key, leaf in plain.items():
        composer.line(f"{_label(key)}: {leaf}")
    for key, value in entry.items():
        if _is_leaf(value):
            continue
        items = [leaf for _, leaf in _leaves(value)]
        if key == "highlights":
            for item in items:
                composer.line(BULLET + item)
        elif items:
            composer.line(", ".join(items) if key in _LISTS else f"{_label(key)}: {', '.join(items)}")


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(str(value).strip())


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every non-blank string and number, depth first, with the key it stands under."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    elif _is_leaf(value):
        yield path, str(value)


def _label(key: str) -> str:
    """`countryCode` → `Country code`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in key.replace("_", " "))
    return words.strip().capitalize()
