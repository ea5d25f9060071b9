import pytest

from indexer.resumes import Heading, RawResume, SectionKind
from indexer.structure import structure_resume
from indexer.structure.headings import match_heading


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Work History", "experience"),
        ("PROFESSIONAL EXPERIENCE:", "experience"),
        ("2. Work Experiance", "experience"),
        ("E X P E R I E N C E", "experience"),
        ("W O R K   H I S T O R Y", "experience"),
        ("*** Core Qualifications ***", "skills"),
        ("Highlights", "skills"),
        ("Education & Certifications", "education"),
        ("Beruflicher Werdegang", "experience"),
        ("SPRACHKENNTNISSE", "languages"),
        ("Expérience professionnelle", "experience"),
        ("EXPERIENCES PROFESSIONNELLES", "experience"),
        ("Centres d’intérêt", "other"),
        ("Formación académica", "education"),
        ("Esperienze lavorative", "experience"),
        ("Werkervaring", "experience"),
        ("Formação", "education"),
        ("Doświadczenie zawodowe", "experience"),
        ("Umiejętności", "skills"),
        ("Experiență profesională", "experience"),
        ("EXPERIENŢA PROFESIONALĂ", "experience"),
        ("Arbetslivserfarenhet", "experience"),
        ("Språkkunskaper", "languages"),
    ],
)
def test_real_headings(label: str, kind: str) -> None:
    match = match_heading(label)
    assert match is not None
    assert match.kind == kind


@pytest.mark.parametrize(
    "label",
    [
        "Information",
        "Experienced",
        "Contractor",
        "Managed a team of six.",
        "Customer service",
        "Sales Associate",
        "2019",
        "A",
        "",
        "Team leadership",
    ],
)
def test_no_headings(label: str) -> None:
    assert match_heading(label) is None


def sections(text: str, *hints: Heading) -> list[tuple[str, str]]:
    structured = structure_resume(RawResume("r", text, "test", 1, headings=hints))
    return [(text[part.title_start : part.title_end], str(part.kind)) for part in structured.sections]


def test_an_unknown_hinted_heading_is_other_and_keeps_its_text() -> None:
    text = "Skills\nWelding\nWoodworking corner\nBirdhouses for the school"
    start = text.index("Woodworking")
    assert sections(text, Heading(start, start + 18)) == [("Skills", "skills"), ("Woodworking corner", "other")]


def test_a_hinted_job_title_within_experience_stays_text() -> None:
    text = "Experience\nSenior Welder, Alder Ltd, 2019 – 2022\nWelded hulls\nFitter\n2015 – 2019\nFitted pipes"
    hints = [Heading(text.index(word), text.index(word) + 6) for word in ("Senior", "Fitter")]
    structured = structure_resume(RawResume("r", text, "test", 1, headings=hints))
    assert len(structured.sections) == 1
    assert "Senior Welder" in structured.segments[0].text


def test_a_format_that_names_the_kind_is_believed() -> None:
    text = "Stationen\nLehre"
    assert sections(text, Heading(0, 9, SectionKind.EDUCATION)) == [("Stationen", "education")]


def test_a_heading_with_content_on_its_line() -> None:
    text = "Skills\nWelding, forging\nLanguages: German, English"
    assert sections(text) == [("Skills", "skills"), ("Languages:", "languages")]


def test_the_technologies_of_a_job_open_no_section() -> None:
    text = "Experience\nDeveloper, Alder Ltd\n2019 – 2022\nTechnologies: Java, Spring\nBuilt the shop"
    assert sections(text) == [("Experience", "experience")]


def test_words_of_a_list_are_no_headings() -> None:
    text = "Skills\nLeadership\nTraining\nSoftware\nTechnologies of the press"
    assert sections(text) == [("Skills", "skills")]


def test_unknown_capitals_on_their_own_are_other() -> None:
    text = "SKILLS\nWelding\n\nMARITIME MATTERS\nSailed from Kiel to Riga."
    assert sections(text) == [("SKILLS", "skills"), ("MARITIME MATTERS", "other")]


def test_no_heading_at_all() -> None:
    assert sections("welder with ten years of experience") == [("", "other")]
