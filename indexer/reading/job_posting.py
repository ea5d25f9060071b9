"""schema.org JobPosting (https://schema.org/JobPosting) in JSON-LD to a title and a text."""

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.errors import BadRecord
from indexer.reading.html_text import html_to_text
from indexer.reading.text import Composer

# What a posting says about the work and the person, in reading order. The rest (dates, addresses of the
# web page, logos) says nothing about who fits.
_PARTS = (
    ("description", None),
    ("responsibilities", "Responsibilities"),
    ("qualifications", "Qualifications"),
    ("skills", "Skills"),
    ("experienceRequirements", "Experience"),
    ("educationRequirements", "Education"),
    ("physicalRequirement", "Physical requirements"),
    ("employmentType", "Employment type"),
    ("jobLocation", "Location"),
    ("workHours", "Working hours"),
    ("jobBenefits", "Benefits"),
)
_TECHNICAL = ("@", "url", "sameAs", "identifier", "inDefinedTermSet", "termCode", "geo")


def find_postings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every JobPosting in a JSON-LD value: the object itself, list members, and inside `@graph`."""
    if isinstance(value, list):
        for item in value:
            yield from find_postings(item)
    elif isinstance(value, Mapping):
        if is_job_posting(value):
            yield value
        else:
            for key in ("@graph", "mainEntity", "itemListElement", "item"):
                yield from find_postings(value.get(key))


def is_job_posting(value: Mapping[str, Any]) -> bool:
    """Say whether an object's `@type` names JobPosting."""
    types = value.get("@type")
    names = types if isinstance(types, list) else [types]
    return any(isinstance(name, str) and name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] == "JobPosting" for name in names)


def read_job_posting(posting: Mapping[str, Any]) -> tuple[str, str]:
    """Return (title, text). Raises BadRecord for a posting without either."""
    composer = Composer()
    for name, label in _PARTS:
        lines = [line for line in _texts(posting.get(name)) if line.strip()]
        if not lines:
            continue
        composer.blank()
        if label and (len(lines) > 1 or "\n" in lines[0]):
            composer.line(f"{label}:")
        elif label:
            lines[0] = f"{label}: {lines[0]}"
        for line in lines:
            composer.line(line)
    title = " ".join(" ".join(_texts(posting.get("title") or posting.get("name"))).split())
    if not composer.text and not title:
        raise BadRecord("JobPosting without `title` and `description`; fill in at least one")
    return title, composer.text


def posting_id(posting: Mapping[str, Any]) -> str | None:
    """`identifier` (a string or a PropertyValue), else `@id`, else `url`."""
    identifier = posting.get("identifier")
    if isinstance(identifier, Mapping):
        identifier = identifier.get("value")
    for value in (identifier, posting.get("@id"), posting.get("url")):
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return None


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """Strings and numbers, depth first; HTML becomes lines; identifiers and links are left out."""
    match value:
        case str():
            yield html_to_text(value)
        case bool():
            return
        case int() | float():
            yield f"{value} months" if key == "monthsOfExperience" else str(value)
        case list():
            for item in value:
                yield from _texts(item, key)
        case Mapping():
            inner = (item for name, item in value.items() if not name.startswith(_TECHNICAL) for item in [(name, item)])
            parts = [part for name, item in inner for part in _texts(item, name)]
            yield ", ".join(part for part in parts if part.strip())
