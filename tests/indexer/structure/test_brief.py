import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.briefs import Brief, RawBrief, Requirement, RequirementKind
from indexer.errors import BadRecord
from indexer.structure import structure_brief

AD = """Alder & Finch packs smoked fish for supermarkets along the coast. Family-owned, 260 people.

What you will do
- Negotiate the yearly programmes with category buyers
- Build forecasts with our planners

Requirements
- Five years selling food to retail chains
- Business English; Spanish is a plus

Nice to have
- HACCP knowledge

We offer
- Base salary of $72,000 and a company car
Apply by mail to jobs@example.com.
"""


def brief(text: str, title: str = "", requirements: tuple[Requirement, ...] | None = None) -> Brief:
    return structure_brief(RawBrief("b1", text, "test", title, requirements))


def said(text: str) -> list[tuple[str, str]]:
    return [(requirement.text, str(requirement.kind)) for requirement in brief(text).requirements]


def test_an_ad() -> None:
    structured = brief(AD, title="Key account manager")
    assert structured.language == "en"
    kinds = {requirement.text: requirement.kind for requirement in structured.requirements}
    assert kinds["Five years selling food to retail chains"] is RequirementKind.MUST
    assert kinds["Build forecasts with our planners"] is RequirementKind.MUST
    assert kinds["Business English"] is RequirementKind.MUST
    assert kinds["Spanish is a plus"] is RequirementKind.NICE
    assert kinds["HACCP knowledge"] is RequirementKind.NICE
    assert kinds["Base salary of $72,000 and a company car"] is RequirementKind.CONTEXT
    assert kinds["Alder & Finch packs smoked fish for supermarkets along the coast."] is RequirementKind.CONTEXT
    assert not any("@" in text or text == "Requirements" for text in kinds)
    for requirement in structured.requirements:
        assert requirement.text == AD[requirement.start : requirement.end]
        assert requirement.weight == {"must": 1.0, "nice": 0.5, "context": 0.2}[requirement.kind]


def test_clauses_of_one_sentence_differ_in_kind() -> None:
    assert said("We need somebody for SQL, dbt and Airflow; ideally some Scala.")[-1] == ("ideally some Scala.", "nice")


def test_a_wish_behind_a_comma_is_its_own_requirement() -> None:
    assert said("Requirements\n- Six years in public relations, ideally in hotels or museums") == [
        ("Six years in public relations", "must"),
        ("ideally in hotels or museums", "nice"),
    ]


def test_a_search_request_is_split_at_its_commas() -> None:
    assert said("senior data engineer, Kafka, German C1, Scala a plus") == [
        ("senior data engineer", "must"),
        ("Kafka", "must"),
        ("German C1", "must"),
        ("Scala a plus", "nice"),
    ]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Kenntnisse in SAP sind von Vorteil.", "nice"),
        ("Spanisch wäre wünschenswert.", "nice"),
        ("Führerschein Klasse B ist zwingend erforderlich.", "must"),
        ("La maîtrise de l'anglais constitue un avantage.", "nice"),
        ("Une expérience en agence serait un plus.", "nice"),
        ("Se valora experiencia en hostelería.", "nice"),
        ("Ervaring met Python is een pré.", "nice"),
        ("Preferibile la conoscenza del tedesco.", "nice"),
        ("Valoriza-se experiência em logística.", "nice"),
        ("Mile widziane doświadczenie w branży.", "nice"),
        ("Cunoașterea limbii germane constituie un avantaj.", "nice"),
        ("Det är meriterande med körkort.", "nice"),
        ("Experience with Kafka is not required, but helps.", "nice"),
        ("We offer a salary of 50,000 euros and a pension.", "context"),
        ("Wir bieten 30 Tage Urlaub und ein Jobrad.", "context"),
        ("You must have a forklift licence.", "must"),
    ],
)
def test_cue_words(sentence: str, kind: str) -> None:
    text = f"We are looking for a warehouse clerk who knows the trade. {sentence}"
    assert said(text)[-1] == (sentence, kind)


def test_headings_in_other_languages() -> None:
    text = "Ihr Profil\n- Abgeschlossenes Studium\nVon Vorteil\n- Kenntnisse in Rust\nWir bieten\n- Ein Haus am See"
    assert [kind for _, kind in said(text)] == ["must", "nice", "context"]


def test_numbered_lists_leave_no_crumbs() -> None:
    assert said("Your tasks:\n1. Facing auditors and notified bodies\n2. Hiring your people") == [
        ("1. Facing auditors and notified bodies", "must"),
        ("2. Hiring your people", "must"),
    ]


def test_requirements_of_the_source_are_kept() -> None:
    given_ones = (Requirement("SQL"), Requirement("Rust", RequirementKind.NICE, 3.0), Requirement("elsewhere"))
    found = brief("We want SQL and some Rust", requirements=given_ones).requirements
    assert [(r.text, r.kind, r.weight) for r in found] == [(r.text, r.kind, r.weight) for r in given_ones]
    assert [(r.start, r.end) for r in found] == [(8, 11), (21, 25), (None, None)]


def test_a_title_alone_is_the_requirement() -> None:
    assert brief("", title="Welder").requirements == (Requirement("Welder"),)


@pytest.mark.parametrize("text", ["", " \n", "— • !"])
def test_an_empty_brief(text: str) -> None:
    with pytest.raises(BadRecord, match=r"^the brief is empty"):
        brief(text)


def test_at_most_two_hundred_requirements_and_nothing_dropped() -> None:
    text = "Requirements\n" + "\n".join(f"- skill number{n} of the trade" for n in range(900))
    found = brief(text).requirements
    assert len(found) <= 200
    assert all(any(f"number{n} " in r.text for r in found) for n in range(900))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(
            st.sampled_from([*AD.splitlines(keepends=True), ", ", "; ", "\u2028", "• ", "x" * 450, "求人。", "\n\n"]),
            max_size=30,
        ).map("".join),
    )
)
def test_requirements_are_ordered_slices_of_the_text(text: str) -> None:
    try:
        structured = brief(text)
    except BadRecord:
        return
    end = 0
    for requirement in structured.requirements:
        assert requirement.start is not None
        assert requirement.end is not None
        assert end <= requirement.start < requirement.end
        assert requirement.text == text[requirement.start : requirement.end]
        assert any(map(str.isalnum, requirement.text))
        end = requirement.end
    assert structured == brief(text)


def test_a_short_brief_begins_with_a_demand_and_a_long_one_with_the_employer() -> None:
    short = structure_brief(
        RawBrief("b", "TIG and MAG welding of pressure vessels, ISO 9606. Can train apprentices.", "t")
    )
    assert [entry.kind for entry in short.requirements] == [RequirementKind.MUST, RequirementKind.MUST]
    demands = " ".join(f"You weld part number {number} of our vessels every day." for number in range(8))
    long = structure_brief(RawBrief("b", f"A boiler works at the river since 1921. {demands}", "t"))
    assert long.requirements[0].kind is RequirementKind.CONTEXT
    assert long.requirements[1].kind is RequirementKind.MUST
