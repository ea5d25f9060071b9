import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import BadRecord, TooLong
from indexer.limits import Limits
from indexer.resumes import Heading, RawResume, Resume, SectionKind
from indexer.structure import structure_resume

ENGLISH = """Jane Fairweather
Staff accountant
12 Orchard Lane, Springfield, IL 62704 | (217) 555-0134 | jane.fairweather@example.com

PROFESSIONAL SUMMARY
Accountant with eight years in wholesale. Closes the month in five days.

WORK HISTORY

Staff Accountant, Alder & Finch, Springfield
March 2019 to Present
• Reconcile 14 bank accounts and prepare the journals for rent, insurance and software
subscriptions, reviewed by the controller
• Keep GitHub repositories of the closing scripts

Skills: Excel, SAP FI, QuickBooks, VBA, Power BI, bank reconciliation, closing, VAT returns, audits, assets,
payroll in two states, inventory valuation

L A N G U A G E S
German (C1), English
"""
GERMAN = """Lebenslauf
Ruven Stahlhofer
Lindenstraße 14 · 34117 Kassel · Tel.: 0561 7391234 · E-Mail: ruven@stahlhofer.example.org

Beruflicher Werdegang
Projektleiter – Nordhalde GmbH, Kassel
04/2020 – heute
- Leitung von drei Umbauten
Kenntnisse & Fähigkeiten
AutoCAD; VOB; MS Project
Führerschein: Klasse B
"""

MARKS = "\n\r\t \u00a0\u2028\u2029\x85\x0b\x0c\x00\u200b\u202e\u0301•●▪-–—*|,;:.!?/()@+#。、،"
FRAGMENTS = [
    "職務経歴書\n営業部長として東京で五年間働きました。",
    "خبرة العمل: مهندس برمجيات، دبي\n",
    *ENGLISH.splitlines(keepends=True),
    *GERMAN.splitlines(keepends=True),
    "\n", "\r\n", "\u2028", " ", "• ", "1. ", "https://www.linkedin.com/in/someone", "+49 151 23456789",
    "someone@example.org", "2015 - 2019",
    "Berufserfahrung\n", "EDUCATION:\n", "Compétences : Java, Python, Scala\n", "x" * 500, "word " * 120, "a.b.c.",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=400),
    st.text(alphabet=st.one_of(st.sampled_from(MARKS), st.characters(codec="utf-8")), max_size=600),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=20)), max_size=40).map("".join),
)


def resume(text: str, headings: tuple[Heading, ...] = (), limits: Limits | None = None) -> Resume:
    return structure_resume(RawResume("r1", text, "test", 1, headings=headings), limits=limits or Limits())


def kinds(structured: Resume) -> list[tuple[str, str]]:
    text = structured.text
    return [(text[part.title_start : part.title_end], str(part.kind)) for part in structured.sections]


def assert_partition(structured: Resume) -> None:
    text = structured.text
    owners = [0] * len(text)
    for segment in structured.segments:
        assert segment.text == text[segment.start : segment.end]
        assert any(map(str.isalnum, segment.text))
        assert len(segment.text) <= 400
    spans = [(part.start, part.end) for part in structured.segments]
    assert spans == sorted(spans)
    titles = [(part.title_start, part.title_end) for part in structured.sections]
    private = [(span.start, span.end) for span in structured.private]
    assert private == sorted(private)
    assert all(start < end for start, end in private)
    for start, end in [*spans, *titles, *private]:
        for at in range(start, end):
            owners[at] += 1
    assert max(owners, default=0) <= 1
    assert all(owners[at] == 1 for at, char in enumerate(text) if char.isalnum())
    assert structured.sections[0].start == 0
    assert structured.sections[-1].end == len(text)
    for left, right in zip(structured.sections, structured.sections[1:], strict=False):
        assert left.end == right.start
    for part in structured.sections:
        assert part.title_start == part.title_end or part.start <= part.title_start < part.title_end <= part.end


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts,
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 80), st.sampled_from([None, *SectionKind])), max_size=4),
)
def test_every_letter_and_digit_has_one_place(text: str, hints: list[tuple[int, int, SectionKind | None]]) -> None:
    headings = tuple(Heading(start, start + length, kind) for start, length, kind in hints)
    if not any(map(str.isalnum, text)):
        with pytest.raises(BadRecord):
            resume(text, headings)
        return
    structured = resume(text, headings)
    assert_partition(structured)
    assert structured == resume(text, headings)


def test_english_resume() -> None:
    structured = resume(ENGLISH)
    assert_partition(structured)
    assert structured.language == "en"
    assert kinds(structured) == [
        ("", "summary"),
        ("PROFESSIONAL SUMMARY", "summary"),
        ("WORK HISTORY", "experience"),
        ("Skills:", "skills"),
        ("L A N G U A G E S", "languages"),
    ]
    said = [segment.text for segment in structured.segments]
    assert said[0] == "Staff accountant"
    assert "Staff Accountant, Alder & Finch, Springfield\nMarch 2019 to Present" in said
    # The line break of the page lies inside one sentence; the skill GitHub is no contact detail.
    assert any("software\nsubscriptions, reviewed" in text for text in said)
    assert "Keep GitHub repositories of the closing scripts" in said
    skills = [segment.text for segment in structured.segments if segment.kind is SectionKind.SKILLS]
    assert len(skills) == 2
    assert all(len(group) <= 130 for group in skills)
    private = {structured.text[span.start : span.end] for span in structured.private}
    assert private == {
        "Jane Fairweather",
        "12 Orchard Lane, Springfield, IL 62704",
        "(217) 555-0134",
        "jane.fairweather@example.com",
    }


def test_german_resume() -> None:
    structured = resume(GERMAN)
    assert_partition(structured)
    assert structured.language == "de"
    assert kinds(structured) == [
        ("Lebenslauf", "summary"),
        ("Beruflicher Werdegang", "experience"),
        ("Kenntnisse & Fähigkeiten", "skills"),
        ("Führerschein:", "certifications"),
    ]
    private = " ".join(structured.text[span.start : span.end] for span in structured.private)
    for detail in ("Ruven Stahlhofer", "Lindenstraße 14", "34117 Kassel", "7391234", "ruven@stahlhofer.example.org"):
        assert detail in private
    assert all("34117" not in segment.text for segment in structured.segments)


def test_text_without_punctuation_is_split() -> None:
    structured = resume("led projects in finance " * 200)
    assert_partition(structured)
    assert len(structured.segments) >= 15


def test_text_without_spaces_is_split_and_marks_stay_with_their_letters() -> None:
    structured = resume("가나다라" * 300 + "e\u0301" * 500)
    assert_partition(structured)
    assert all(segment.text[0] != "\u0301" for segment in structured.segments)


def test_bullets_stay_apart_where_they_are_thoughts_of_their_own() -> None:
    long = (
        "Negotiated the yearly contracts with forty growers and kept the price of seed potatoes level for three seasons"
    )
    structured = resume(f"EXPERIENCE\n• {long}\n• {long}\n• Drove the forklift at night\n• Counted the seed store")
    assert [segment.text for segment in structured.segments][:2] == [long, long]
    assert structured.segments[2].text == "Drove the forklift at night\n• Counted the seed store"


@pytest.mark.parametrize("text", ["", " \n\t", "• - — !!", "\u200b\u0000"])
def test_nothing_to_read_is_a_bad_record(text: str) -> None:
    with pytest.raises(BadRecord, match=r"^no letter or digit"):
        resume(text)


def test_limits() -> None:
    with pytest.raises(TooLong, match="characters, more than 100"):
        resume("abc " * 100, limits=Limits(characters=100))
    with pytest.raises(TooLong, match="more than 10 segments"):
        resume("abc def ghi. " * 2000, limits=Limits(segments=10))


@pytest.mark.timeout(90)  # not a claim about speed: a pattern that backtracks runs for hours
@pytest.mark.parametrize(
    "unit", [" ", "1", "1 ", ".", "?!", "a", "-", "@", "a@", "•", "www.", "+1", "a, ", "EXPERIENCE\n"]
)
def test_a_megabyte_of_anything_comes_to_an_end(unit: str) -> None:
    text = ("x " + unit * 1_000_000)[:1_000_000]
    try:
        structured = resume(text)
    except TooLong:
        return
    assert structured.segments[0].start == 0


def test_meta_person_and_version_are_kept() -> None:
    raw = RawResume("r", "Welder", "here", 7, person_id="p", meta={"country": "FR"})
    structured = structure_resume(raw)
    assert (structured.person_id, structured.version, structured.meta) == ("p", 7, {"country": "FR"})
    assert structured.origin == "here"
