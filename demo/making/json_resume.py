"""Map a resume to JSON Resume 1.0 (the schema at jsonresume.org): every word finds a field of its own.

Section headings become keys, and dates become ISO 8601 (`2021-03`); an open end ("today") becomes no `endDate`.
"""

import json
import re
from typing import Any

from making.outline import Entry, Outline, Part

# The sections of the resumes that are rendered so: heading -> key of the schema.
KEYS = {
    "summary": ("PROFILE", "PROFIL", "PROFILO", "PERFIL", "PROFIEL", "ÜBER MICH"),
    "work": (
        "EXPERIENCE", "EXPÉRIENCE PROFESSIONNELLE", "BERUFSERFAHRUNG", "ESPERIENZA PROFESSIONALE",
        "EXPERIENCIA", "EXPERIÊNCIA PROFISSIONAL", "WERKERVARING",
    ),
    "education": ("EDUCATION", "FORMATION", "AUSBILDUNG", "FORMAZIONE", "FORMACIÓN", "FORMAÇÃO ACADÉMICA", "OPLEIDING"),
    "skills": ("SKILLS", "COMPÉTENCES", "KENNTNISSE", "COMPETENZE", "HABILIDADES", "COMPETÊNCIAS", "VAARDIGHEDEN"),
    "languages": ("LANGUAGES", "LANGUES", "SPRACHEN", "LINGUE", "IDIOMAS", "LÍNGUAS", "TALEN"),
    "certificates": ("LICENCIAS Y CERTIFICADOS", "WEITERE QUALIFIKATIONEN"),
    "interests": ("INTERESTS", "CENTRES D'INTÉRÊT", "INTERESSEN", "INTERESSI", "PERSOONLIJK"),
    "volunteer": ("EHRENAMT", "OUTRAS ATIVIDADES"),
}  # fmt: skip
_KEY_OF = {heading: key for key, headings in KEYS.items() for heading in headings}
_MONTHS = (
    "january janvier januar januari gennaio enero janeiro",
    "february février februar februari febbraio febrero fevereiro",
    "march mars märz maart marzo março",
    "april avril aprile abril",
    "may mai mei maggio mayo maio",
    "june juin juni giugno junio junho",
    "july juillet juli luglio julio julho",
    "august août augustus agosto",
    "september septembre settembre septiembre setembro",
    "october octobre oktober ottobre octubre outubro",
    "november novembre noviembre novembro",
    "december décembre dezember dicembre diciembre dezembro",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_SCHOOL = re.compile(r"universit|university|college|université|universidade|hochschule|utrecht", re.IGNORECASE)


def render_json_resume(resume: Outline) -> bytes:
    """Return the document as UTF-8. Raises ValueError for a heading or a date that has no place."""
    basics: dict[str, Any] = {"name": resume.name, "label": resume.headline, "email": resume.email}
    if resume.phone:
        basics["phone"] = resume.phone
    document: dict[str, Any] = {"basics": basics}
    for part in resume.parts:
        key = _KEY_OF.get(part.heading)
        if key is None:
            raise ValueError(f"no key for the heading {part.heading!r}")
        if key == "summary":
            basics["summary"] = " ".join(part.lines())
        else:
            document[key] = _items(key, part)
    document["meta"] = {"version": "v1.0.0"}
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _items(key: str, part: Part) -> list[dict[str, Any]]:
    if key == "work":
        return [_post(entry) for entry in part.entries]
    lines = part.lines()
    match key:
        case "education":
            return [_education(line) for line in lines]
        case "languages":
            return [_language(piece) for line in lines for piece in _pieces(line)]
        case "volunteer":
            return [{"summary": line} for line in lines]
        case "interests":
            return [{"name": line} for line in lines]
        case "certificates" if len(lines) > 1:  # one a line
            return [{"name": line} for line in lines]
        case _:
            return [{"name": piece} for line in lines for piece in _pieces(line)]


def _post(entry: Entry) -> dict[str, Any]:
    title, *dates = entry.lines
    position, _, employer = title.partition(" – ")
    name, _, location = employer.rpartition(", ")
    post: dict[str, Any] = {"name": name or location, "position": position}
    if name:
        post["location"] = location
    start, _, end = dates[0].partition(" – ")
    post["startDate"] = _date(start, other=end)
    if re.search(r"\d", end):
        post["endDate"] = _date(end)
    return post | {"highlights": list(entry.points)}


def _date(text: str, other: str = "") -> str:
    """Return `YYYY` or `YYYY-MM`. "avril – août 2019" names the year once, so `other` may lend it."""
    year = re.search(r"\d{4}", text) or re.search(r"\d{4}", other)
    months = [_MONTH_OF[word] for word in re.findall(r"[^\W\d]+", text.lower()) if word in _MONTH_OF]
    if year is None:
        raise ValueError(f"no year in {text!r}")
    return f"{year[0]}-{months[0]:02}" if months else year[0]


def _education(line: str) -> dict[str, Any]:
    item: dict[str, Any] = {}
    year = re.match(r"(\d{4})(?: –)? ", line) or re.search(r",? (\d{4})$", line)
    rest = line.replace(year[0], "", 1) if year else line
    study, dash, institution = rest.partition(" – ")
    if not dash:
        study, _, institution = rest.rpartition(", ")
        if not _SCHOOL.search(institution):
            study, institution = rest, ""
    if institution:
        item["institution"] = institution
    item["studyType"] = study
    if year:
        item["endDate"] = year[1]
    return item


def _language(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"(.+?)(?: ?: (.+)| \((.+)\))", text)
    if match is None:
        raise ValueError(f"no level in {text!r}")
    return {"language": match[1], "fluency": match[2] or match[3]}


def _pieces(line: str) -> list[str]:
    """Split at the commas outside brackets; a line "language: level, with a remark" stays whole."""
    return [line] if ": " in line else re.split(r", (?![^(]*\))", line)
