import pytest

from indexer.resumes import RawResume
from indexer.structure import structure_resume


def private(text: str) -> list[str]:
    structured = structure_resume(RawResume("r", text, "test", 1))
    return [text[span.start : span.end] for span in structured.private]


def header(line: str) -> list[str]:
    return private(f"Senior welder and shift leader\n{line}\n\nExperience\nWelded hulls for nine years in a shipyard.")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("E-mail: first.last+cv@mail.example.co.uk", ["E-mail: first.last+cv@mail.example.co.uk"]),
        ("Phone: (217) 555-0134", ["Phone: (217) 555-0134"]),
        ("+49 151 23456789", ["+49 151 23456789"]),
        ("linkedin.com/in/some-one-12", ["linkedin.com/in/some-one-12"]),
        ("GitHub: https://github.com/someone.", ["GitHub: https://github.com/someone"]),
        ("www.someone-welds.example.org", ["www.someone-welds.example.org"]),
        ("someone.dev", ["someone.dev"]),
        ("Name: Jane Fairweather", ["Name: Jane Fairweather"]),
        ("Geburtsdatum: 3. Mai 1988", ["Geburtsdatum: 3. Mai 1988"]),
        ("12 Orchard Lane, Springfield, IL 62704", ["12 Orchard Lane, Springfield, IL 62704"]),
        ("Hauptstr. 12, 34117 Kassel", ["Hauptstr. 12, 34117 Kassel"]),
        ("14 rue des Lilas, 44000 Nantes", ["14 rue des Lilas, 44000 Nantes"]),
        ("Calle Mayor 5, 28013 Madrid", ["Calle Mayor 5, 28013 Madrid"]),
        ("Via Garibaldi 10, 20121 Milano", ["Via Garibaldi 10, 20121 Milano"]),
        ("Kerkstraat 7, 1017 GC Amsterdam", ["Kerkstraat 7, 1017 GC Amsterdam"]),
        ("ul. Polna 3, 00-625 Warszawa", ["ul. Polna 3, 00-625 Warszawa"]),
        ("Storgatan 8, 411 24 Göteborg", ["Storgatan 8, 411 24 Göteborg"]),
        ("London SW1A 2AA", ["London SW1A 2AA"]),
        ("Am Markt 5 | 04109 Leipzig", ["Am Markt 5", "04109 Leipzig"]),
        ("Unter den Linden 7b\n10117 Berlin", ["Unter den Linden 7b", "10117 Berlin"]),
        ("Straße der Einheit 12,\nD-04109 Leipzig", ["Straße der Einheit 12,", "D-04109 Leipzig"]),
        ("Windows Server 2019\nDocker", []),
    ],
)
def test_contact_details_of_the_header(line: str, expected: list[str]) -> None:
    assert header(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "2015 - 2019",
        "03/2015 – 04/2019",
        "01.02.2015 - 31.12.2019",
        "Budget of $1,250,000 and 3,400 agents",
        "Salary 45000 - 52000 EUR",
        "Order no. 4711-2000-33",
        "ISO 9001 14001 45001",
        "Recruiting with LinkedIn Recruiter and GitHub",
        "Worked in C++ / C# at 9-5",
        "Trained 2019 Accenture consultants",
    ],
)
def test_what_only_looks_like_contact_details_stays(line: str) -> None:
    assert private(f"Experience\n{line}\nWelded hulls for nine years in a shipyard.") == []


def test_contact_details_are_found_far_from_the_header() -> None:
    text = "Experience\nWelder\n\nReferences\nCall the yard at +44 20 7946 0958 or write to yard@example.org any day."
    assert private(text) == ["+44 20 7946 0958", "yard@example.org"]


@pytest.mark.parametrize(
    "first",
    [
        "STAFF ACCOUNTANT",
        "Comptable immobilier",
        "Front Desk Clerk",
        "Senior Softwareentwickler",
        "SPECIALIST OF INFANTRY",
        "Projektleiterin Innenausbau",
        "Sales Associate",
        "Welder",
    ],
)
def test_a_job_title_on_the_first_line_is_kept(first: str) -> None:
    text = f"{first}\nTwenty years in the trade\n\nExperience\nWorked at sea."
    assert private(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Maëlle Quérandon\nComptable immobilier\n\nProfil\nSept ans de métier.",
        "Jorinde van Hasselbroek\nMaatschappelijk werker\n\nProfiel\nNegen jaar ervaring.",
        "JANE FAIRWEATHER\njane.fairweather@example.com\n\nSummary\nWelder.",
    ],
)
def test_a_name_on_the_first_line_is_private(text: str) -> None:
    assert private(text)[0] == text.splitlines()[0]


def test_a_title_of_the_document_hides_no_name() -> None:
    text = "Curriculum Vitae\nMaëlle Quérandon\nComptable immobilier\n\nProfil\nSept ans de métier."
    assert private(text) == ["Maëlle Quérandon"]
