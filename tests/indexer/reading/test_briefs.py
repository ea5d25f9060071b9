import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.briefs import RawBrief, Requirement, RequirementKind
from indexer.errors import BadRecord, TooLong, UnreadableFile
from indexer.limits import Limits
from indexer.reading import Rejected, brief_from_value, read_briefs, resume_from_value
from indexer.resumes import SectionKind

MakeLines = Callable[..., Path]

POSTING: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "identifier": {"@type": "PropertyValue", "name": "Hospital", "value": "job-7"},
    "title": "Head nurse",
    "description": "<p>We seek a <b>head nurse</b>.</p><ul><li>Lead a ward</li><li>Train &amp; teach</li></ul>",
    "qualifications": "Five years on a ward",
    "skills": ["Triage", {"@type": "DefinedTerm", "name": "Planning", "url": "https://example.org/planning"}],
    "experienceRequirements": {"@type": "OccupationalExperienceRequirements", "monthsOfExperience": 60},
    "jobLocation": {"@type": "Place", "address": {"@type": "PostalAddress", "addressLocality": "Lyon"}},
}
POSTING_TEXT = """We seek a head nurse.

• Lead a ward
• Train & teach

Qualifications: Five years on a ward

Skills:
Triage
Planning

Experience: 60 months

Location: Lyon"""


def one(path: Path) -> RawBrief:
    (item,) = read_briefs(str(path))
    assert isinstance(item, RawBrief), item
    return item


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Head nurse, Lyon\n\nWe seek a nurse who leads.\nShe teaches.", "Head nurse, Lyon"),
        ("Head nurse\nWe seek a nurse who leads.", "Head nurse"),
        ("We seek a nurse who leads.\nShe teaches.", ""),
        ("- Java\n- Spring\n", ""),
        ("Requirements:\nJava\n", ""),
        ("Head nurse for nights", ""),
        ("A nurse who has led a ward for years and years\nand who teaches", ""),
    ],
)
def test_title_of_a_plain_text(tmp_path: Path, text: str, title: str) -> None:
    (tmp_path / "nurse.txt").write_text(text)
    brief = one(tmp_path / "nurse.txt")
    assert (brief.brief_id, brief.title) == ("nurse", title)
    assert brief.text == (text[len(title) :] if title else text).strip()
    assert brief.requirements is None


def test_markdown_pdf_and_stdin(tmp_path: Path, pdf: Callable[..., Path]) -> None:
    (tmp_path / "a.md").write_text("# Head nurse\n\n* Lead a ward")
    assert (one(tmp_path / "a.md").title, one(tmp_path / "a.md").text) == ("Head nurse", "• Lead a ward")
    assert one(pdf("b.pdf", ["Head nurse", "We seek a nurse who leads."])).title == "Head nurse"
    (brief,) = read_briefs("-", stdin=io.BytesIO(b"We seek a nurse who leads."))
    assert isinstance(brief, RawBrief)
    assert brief.brief_id == "stdin"


@pytest.mark.parametrize("shape", ["object", "list", "graph"])
def test_job_posting(tmp_path: Path, shape: str) -> None:
    other = {"@type": "Organization", "name": "Hospital"}
    value = {"object": POSTING, "list": [other, POSTING], "graph": {"@graph": [other, POSTING]}}[shape]
    (tmp_path / "job.jsonld").write_text(json.dumps(value))
    brief = one(tmp_path / "job.jsonld")
    assert (brief.brief_id, brief.title, brief.text) == ("job-7", "Head nurse", POSTING_TEXT)


def test_job_posting_in_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    script = '<script type="application/ld+json">{}</script>'
    page.write_text(f"<html>{script.format('{broken')}{script.format(json.dumps(POSTING))}<p>Cookies?</p></html>")
    assert one(page).text == POSTING_TEXT
    page.write_text("<p>Head nurse</p><p>We seek a nurse.</p>")
    assert (one(page).title, one(page).text) == ("Head nurse", "We seek a nurse.")
    page.write_text(f"<html>{script.format('{broken')}</html>")
    (rejected,) = read_briefs(str(page))
    assert isinstance(rejected, Rejected)
    assert "JSON-LD" in rejected.reason


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("R&D with C < D\nSecond line", "R&D with C < D\nSecond line"),
        ("Caf&eacute; &amp; bar\nnights", "Café & bar\nnights"),
        ("&lt;p&gt;Lead&lt;/p&gt;&lt;ul&gt;&lt;li&gt;Teach&lt;/li&gt;&lt;/ul&gt;", "Lead\n\n• Teach"),
        ("One<br/>two\nthree", "One\ntwo three"),
    ],
)
def test_descriptions_with_and_without_markup(description: str, text: str) -> None:
    assert brief_from_value({"@type": "JobPosting", "description": description}, origin="x").text == text


def test_job_posting_without_an_identifier_takes_the_stem(tmp_path: Path) -> None:
    bare = {key: value for key, value in POSTING.items() if key != "identifier"}
    (tmp_path / "job.json").write_text(json.dumps(bare))
    assert one(tmp_path / "job.json").brief_id == "job"
    (tmp_path / "job.json").write_text(json.dumps([bare, bare]))
    assert [item.brief_id for item in read_briefs(str(tmp_path)) if isinstance(item, RawBrief)] == ["job-1", "job-2"]


def test_json_lines(lines: MakeLines) -> None:
    text = "We seek a nurse. French is a must; Java is nice. French!"
    path = lines(
        "briefs.jsonl",
        {"brief_id": "a", "title": "Nurse", "text": text, "requirements": [
            {"quote": "Java is nice", "kind": "nice", "weight": 0.5},
            {"text": "French", "start": text.rindex("French")},
            "no quote of the text"]},
        {"brief_id": "b", "title": "Nurse", "requirements": ["lead a ward", "teach"]},
        {"_id": "c", "text": "nurse nights"},
        {"brief_id": "d", "title": "Only a title"},
        {**POSTING},
    )  # fmt: skip
    a, b, c, d, posting = (item for item in read_briefs(str(path)) if isinstance(item, RawBrief))
    must, nice = RequirementKind.MUST, RequirementKind.NICE
    start = text.rindex("French")
    assert a.requirements == (
        Requirement("Java is nice", nice, 0.5, text.index("Java"), text.index("Java") + 12),
        Requirement("French", must, 1.0, start, start + 6),
        Requirement("no quote of the text", must, 1.0),
    )
    assert (a.text, a.title, a.origin) == (text, "Nurse", f"{path}:1")
    assert b.text == "lead a ward\nteach"
    assert b.requirements is not None
    assert [b.text[r.start : r.end] for r in b.requirements] == ["lead a ward", "teach"]
    assert (c.brief_id, c.title, c.text, c.requirements) == ("c", "", "nurse nights", None)
    assert (d.title, d.text) == ("", "Only a title")
    assert posting.brief_id == "job-7"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"text": "x"}, "no id: give each record a `brief_id`"),
        ({"brief_id": "a"}, "no `text` and no `requirements`"),
        ({"brief_id": 1, "text": "x"}, "`brief_id` is a number"),
        ({"brief_id": "a", "text": 1}, "`text` is a number"),
        ({"brief_id": "a", "requirements": "x"}, "`requirements` is a string"),
        ({"brief_id": "a", "requirements": [3]}, "`requirements[0]` is a number"),
        ({"brief_id": "a", "requirements": [{"kind": "must"}]}, "`requirements[0]` has no `text`"),
        (
            {"brief_id": "a", "requirements": [{"text": "x", "kind": "maybe"}]},
            "'maybe'; use one of must, nice, context",
        ),
        ({"brief_id": "a", "requirements": [{"text": "x", "kind": ["must"]}]}, "use one of must"),
        ({"brief_id": "a", "requirements": [{"text": "x", "weight": 0}]}, "`requirements[0].weight`"),
        ({"brief_id": "a", "requirements": [{"text": "x", "weight": True}]}, "`requirements[0].weight`"),
        ({"@type": "JobPosting", "identifier": "x"}, "without `title` and `description`"),
        ("[1]", "a list where an object belongs"),
        ("nonsense", "not JSON"),
    ],
)
def test_bad_records(lines: MakeLines, record: Any, words: str) -> None:
    path = lines("briefs.jsonl", record, {"brief_id": "good", "text": "x"})
    bad, good = read_briefs(str(path))
    assert isinstance(bad, Rejected)
    assert words in bad.reason
    assert bad.origin == f"{path}:1"
    assert isinstance(good, RawBrief)


def test_missing_source() -> None:
    with pytest.raises(UnreadableFile, match="absent"):
        read_briefs("absent.jsonl")


# One value


def test_values_without_an_id_get_a_stable_one() -> None:
    brief = brief_from_value("We seek a nurse.", origin="pairs:1")
    assert brief == brief_from_value("We seek a nurse.", origin="pairs:1")
    assert brief.brief_id != brief_from_value("We seek a cook.", origin="pairs:1").brief_id
    resume = resume_from_value({"sections": {"Skills": "Java"}, "meta": {"a": 1}}, origin="pairs:1")
    again = resume_from_value({"meta": {"a": 1}, "sections": {"Skills": "Java"}}, origin="pairs:2")
    assert resume.resume_id == again.resume_id
    assert (resume.version, resume.version_given, resume.origin) == (0, False, "pairs:1")
    assert resume_from_value("A nurse.", origin="x").text == "A nurse."


def test_values_of_every_shape() -> None:
    assert brief_from_value(POSTING, origin="x").text == POSTING_TEXT
    assert brief_from_value({"brief_id": "b", "requirements": ["x"]}, origin="x").brief_id == "b"
    resume = resume_from_value({"basics": {"email": "a@example.org"}, "skills": [{"name": "Java"}]}, origin="x")
    assert [heading.kind for heading in resume.headings] == [SectionKind.CONTACT, SectionKind.SKILLS]
    assert resume_from_value({"_id": "r", "text": "x", "title": "t"}, origin="x").text == "t\n\nx"


@pytest.mark.parametrize("value", ["", " \0 ", {}, {"text": 5}, {"file": "cv.pdf"}, [], None, 7])
def test_values_that_are_neither(value: Any) -> None:
    with pytest.raises(BadRecord):
        resume_from_value(value, origin="x")
    with pytest.raises(BadRecord):
        brief_from_value(value, origin="x")


def test_values_that_are_too_long() -> None:
    with pytest.raises(TooLong):
        resume_from_value("x" * 11, origin="x", limits=Limits(characters=10))
    with pytest.raises(TooLong):
        brief_from_value("x" * 11, origin="x", limits=Limits(characters=10))
