import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from indexer.reading import Rejected
from indexer.resumes import RawResume, SectionKind
from tests.indexer.reading.reads import one, read, refused

MakeLines = Callable[..., Path]


JSON_RESUME: dict[str, Any] = {
    "$schema": "https://example.org/schema.json",
    "basics": {
        "name": "Ana Exemplo", "label": "Nurse", "email": "ana@example.org", "phone": "+351 912 345 678",
        "url": "https://example.org", "summary": "Cares for people.",
        "location": {"address": "Rua Um 1", "postalCode": "1000-001", "city": "Lisboa", "countryCode": "PT"},
        "profiles": [{"network": "Forge", "username": "ana", "url": "https://example.org/ana"}],
    },
    "work": [{"name": "Hospital", "position": "Head nurse", "startDate": "2019-01", "endDate": "2023-02",
              "summary": "Led a ward.", "highlights": ["Cut falls by a third", "Trained twenty"], "shift": "night"}],
    "education": [{"institution": "Escola", "area": "Nursing", "studyType": "Bachelor", "courses": ["Anatomy"]}],
    "skills": [{"name": "Triage", "level": "Master", "keywords": ["Manchester", "ESI"]}],
    "languages": [{"language": "Portuguese", "fluency": "Native"}],
    "certificates": [{"name": "ACLS", "issuer": "Council", "date": "2020-01-01"}],
    "publications": [{"name": "On falls", "publisher": "Review", "releaseDate": "2021", "summary": "A study."}],
    "projects": [{"name": "Fall chart", "description": "A chart.", "roles": ["Lead"], "entity": "Ward"}],
    "awards": [{"title": "Best nurse", "awarder": "City"}],
    "interests": [{"name": "Rowing", "keywords": ["Skiff"]}],
    "references": [{"name": "Dr. Um", "reference": "A rock."}],
    "volunteer": [{"organization": "Shelter", "position": "Helper"}],
    "custom": {"deep": [{"leaf": "Unforeseen"}]},
    "meta": {"canonical": "https://example.org/x", "version": "v1.0.0", "lastModified": "2024-05-01T10:00:00"},
}  # fmt: skip


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield str(value)


def test_json_resume_keeps_every_leaf_under_its_kind(tmp_path: Path) -> None:
    (tmp_path / "ana.json").write_text(json.dumps(JSON_RESUME, indent=2))
    resume = one(tmp_path / "ana.json")
    assert (resume.resume_id, resume.version, resume.version_given) == ("ana", 1714557600000, True)
    content = {key: value for key, value in JSON_RESUME.items() if key not in ("$schema", "meta")}
    assert [leaf for leaf in leaves(content) if leaf not in resume.text] == []
    kinds = {resume.text[h.start : h.end]: h.kind for h in resume.headings}
    assert kinds == {
        "Contact": SectionKind.CONTACT, "Summary": SectionKind.SUMMARY, "Experience": SectionKind.EXPERIENCE,
        "Volunteering": SectionKind.EXPERIENCE, "Projects": SectionKind.PROJECTS, "Education": SectionKind.EDUCATION,
        "Skills": SectionKind.SKILLS, "Languages": SectionKind.LANGUAGES, "Certifications": SectionKind.CERTIFICATIONS,
        "Publications": SectionKind.PUBLICATIONS, "Awards": SectionKind.OTHER, "Interests": SectionKind.OTHER,
        "References": SectionKind.OTHER, "Custom": SectionKind.OTHER,
    }  # fmt: skip
    contact = resume.text[: resume.text.index("Summary")]
    assert contact.split("\n") == [
        "Contact", "Name: Ana Exemplo", "Email: ana@example.org", "Phone: +351 912 345 678", "Url: https://example.org",
        "Address: Rua Um 1, 1000-001, Lisboa, PT", "Network: Forge, ana, https://example.org/ana", "", "",
    ]  # fmt: skip
    assert (
        "Head nurse, Hospital (2019-01 – 2023-02)\nLed a ward.\nShift: night\n• Cut falls by a third\n" in resume.text
    )


def test_json_files(tmp_path: Path) -> None:
    path = tmp_path / "cv.json"
    path.write_text(json.dumps([{"resume_id": "a", "text": "x"}, JSON_RESUME, {"resume_id": "c"}]))
    first, second, third = read(path)
    assert (first.resume_id, second.resume_id, third.resume_id) == ("a", "cv-2", "c")
    assert isinstance(third, Rejected)
    assert third.origin == f"{path}[3]"
    path.write_text('{"resume_id": "a", "text": "x"}\n{"resume_id": "b", "text": "y"}\n')  # JSON Lines by another name
    assert [item.resume_id for item in read(path)] == ["a", "b"]
    path.write_text('{"text": "by its stem"}')
    assert one(path).resume_id == "cv"
    path.write_text("{broken")
    assert "not JSON" in refused(path).reason


def test_json_resume_in_json_lines_needs_an_id(lines: MakeLines) -> None:
    good, bad = read(lines("dump.jsonl", {"resume_id": "a", **JSON_RESUME}, JSON_RESUME))
    assert isinstance(good, RawResume)
    assert re.search("Head nurse", good.text)
    assert isinstance(bad, Rejected)
    assert "no id" in bad.reason
