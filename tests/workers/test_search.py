import json
from pathlib import Path

import pytest

from indexer.reading import brief_from_value, resume_from_value
from indexer.structure import structure_brief, structure_resume
from reranker.defaults import default_reranker
from reranker.scoring import PairScorer
from retriever.briefs import BriefEncoder
from tests.workers.conftest import NURSE, PEOPLE, Shortlist, line
from workers.settings import Settings
from workers.wiring import open_index, open_searcher, open_settings_encoder

KEYS = ["brief_id", "rank", "resume_id", "score", "fit", "level", "evidence"]


def test_the_best_come_first_across_languages_with_their_reasons(shortlist: Shortlist, home: Path) -> None:
    answer = shortlist("search", NURSE, "--home", home)
    assert answer.code == 0
    assert answer.err == "briefs=1 resumes=12 rejected=0\n"
    assert set(answer.ids[:2]) == {"nurse-en", "nurse-de"}
    assert len(answer.ids) == len(set(answer.ids)) == 12
    assert [list(record) for record in answer.records] == [KEYS] * 12
    assert [record["rank"] for record in answer.records] == list(range(1, 13))
    scores = [record["score"] for record in answer.records]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= record["fit"] <= 1 for record in answer.records)
    texts = {name: text for name, _, _, text in PEOPLE}
    segments = [
        (record["resume_id"], segment)
        for record in answer.records
        for requirement in record["evidence"]
        for segment in requirement["segments"]
    ]
    assert any("ventilated patients" in segment["text"] for _, segment in segments)
    for resume_id, segment in segments:
        assert texts[resume_id][segment["start"] : segment["end"]] == segment["text"]


def test_the_same_search_prints_the_same_bytes(shortlist: Shortlist, home: Path) -> None:
    first, second = (shortlist("search", NURSE, "--home", home) for _ in range(2))
    assert first.out == second.out != ""


def test_standard_input_is_the_brief(shortlist: Shortlist, home: Path) -> None:
    typed = shortlist("search", NURSE, "--home", home)
    for arguments in (("-",), ("--briefs", "-")):
        piped = shortlist("search", *arguments, "--home", home, stdin=NURSE)
        assert piped.ids == typed.ids
        assert piped.records[0]["brief_id"] == "stdin"
    posting = {"@type": "JobPosting", "identifier": "p-7", "title": "Truck driver", "description": "<p>Long tours.</p>"}
    answer = shortlist("search", "-", "--home", home, "-k", "1", stdin=json.dumps(posting))
    assert [(record["brief_id"], record["resume_id"]) for record in answer.records] == [("p-7", "driver-en")]


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["country=FR"], {"cook-fr", "dev-en", "dev-fr"}),
        (["country=FR,CH"], {"cook-fr", "dev-en", "dev-fr", "teacher-fr"}),
        (["language=de"], {"nurse-de", "driver-de", "books-de"}),
        (["years>=11"], {"cook-fr", "driver-en", "welder-es", "teacher-fr"}),
        (["years>=5", "years<9", "country!=DE"], {"nurse-en", "books-de", "books-en"}),
        (["country=FR", "language=en"], {"dev-en"}),
        (["country=XX"], set()),
    ],
)
def test_a_filtered_search_is_never_short(
    shortlist: Shortlist, home: Path, expressions: list[str], expected: set[str]
) -> None:
    options = [option for expression in expressions for option in ("--filter", expression)]
    # Depth 1 cuts after one resume: the filter has to apply before that.
    answer = shortlist("search", NURSE, "--home", home, *options, "--depth", 1, "-k", 4)
    assert answer.code == 0
    assert set(answer.ids) == expected


def test_more_results_than_the_depth(shortlist: Shortlist, home: Path) -> None:
    assert len(shortlist("search", NURSE, "--home", home, "--depth", 2, "--k", 7).ids) == 7
    assert len(shortlist("search", NURSE, "--home", home, "--k", 50).ids) == 12


def test_a_brief_in_a_language_that_is_not_indexed(shortlist: Shortlist, home: Path) -> None:
    answer = shortlist(
        "search", "集中治療室の看護師を募集しています。人工呼吸器の経験が必要です。", "--home", home, "-k", 2
    )
    assert answer.code == 0
    assert set(answer.ids) == {"nurse-en", "nurse-de"}


def test_bad_briefs_are_counted_and_the_others_searched(shortlist: Shortlist, home: Path, tmp_path: Path) -> None:
    briefs = tmp_path / "briefs.jsonl"
    briefs.write_text(
        '{"brief_id": "a", "text": "welder"}\n{"text": "no id"}\nrubbish\n'
        '{"brief_id": "b", "text": "??"}\n{"brief_id": "c", "text": "cook"}\n'
    )
    answer = shortlist("search", "--briefs", briefs, "--home", home, "-k", 1)
    assert answer.code == 1
    assert [record["brief_id"] for record in answer.records] == ["a", "c"]
    assert answer.counts == {"briefs": 2, "resumes": 2, "rejected": 3}
    for number, reason in ((2, "no id: give each record a `brief_id`"), (3, "not JSON"), (4, "the brief is empty")):
        assert f"rejected {briefs}:{number}: {reason}" in answer.err


def test_an_empty_brief(shortlist: Shortlist, home: Path) -> None:
    answer = shortlist("search", "  ", "--home", home)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[0].startswith("rejected command line: empty: no text in it")


def test_an_empty_index(shortlist: Shortlist, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert shortlist("index", tmp_path / "none", "--home", tmp_path / "home").code == 0
    answer = shortlist("search", NURSE, "--home", tmp_path / "home")
    assert (answer.code, answer.out, answer.err) == (0, "", "briefs=1 resumes=0 rejected=0\n")
    assert shortlist("verify", "--home", tmp_path / "home").code == 0
    assert shortlist("stats", "--home", tmp_path / "home").records[0]["resumes"] == 0


def test_no_index(shortlist: Shortlist, tmp_path: Path) -> None:
    for arguments in (("search", "x"), ("stats",), ("verify",), ("rebuild",)):
        answer = shortlist(*arguments, "--home", tmp_path / "nothing")
        assert answer.code == 1
        assert answer.err.startswith("shortlist: no index in ")
        assert "make one with `shortlist index PATH" in answer.err
        assert answer.err.count("\n") == 1
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give either the brief's text or --briefs PATH"),
        (("x", "--briefs", "y"), "give either the brief's text or --briefs PATH"),
        (("x", "--filter", "years>=many"), "not a number"),
        (("x", "--filter", "country"), "does not parse"),
        (("--briefs", "nowhere.jsonl"), "no such file"),
        (("x", "--run", "nowhere/x.trec"), "no folder 'nowhere'"),
        (("x", "-k", "0"), "greater than or equal to 1"),
        (("-",), "there is none here"),
    ],
)
def test_usage_errors(shortlist: Shortlist, home: Path, arguments: tuple[str, ...], words: str) -> None:
    answer = shortlist("search", *arguments, "--home", home)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_a_wrong_setting_is_named(shortlist: Shortlist, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTLIST_DEPTH", "many")
    answer = shortlist("search", "x", "--home", home)
    assert answer.code == 2
    assert "SHORTLIST_DEPTH=many in the environment" in answer.err


def test_run_files(shortlist: Shortlist, home: Path, tmp_path: Path) -> None:
    briefs, run = tmp_path / "briefs.jsonl", tmp_path / "out.trec"
    briefs.write_text('{"brief_id": "a", "text": "welder"}\n{"brief_id": "b", "text": "cook"}\n')
    answer = shortlist("search", "--briefs", briefs, "--home", home, "--run", run, "-k", 5)
    assert (answer.code, answer.out, answer.err) == (0, "", "briefs=2 resumes=10 rejected=0\n")
    columns = [row.split() for row in run.read_text().splitlines()]
    assert [(row[0], row[1], row[3], row[5]) for row in columns] == [
        (brief_id, "Q0", str(rank), "shortlist") for brief_id in "ab" for rank in range(1, 6)
    ]
    printed = shortlist("search", "--briefs", briefs, "--home", home, "--run", "-", "-k", 5)
    assert printed.out == run.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["briefs.jsonl", "out.trec"]


def test_a_run_that_cannot_be_written_whole_is_not_written(shortlist: Shortlist, home: Path, tmp_path: Path) -> None:
    briefs, run = tmp_path / "briefs.jsonl", tmp_path / "out.trec"
    run.write_text("before")
    for second, words in (("b 2", "'b 2' is empty or holds white space"), ("a", "two briefs have the id 'a'")):
        entries = [{"brief_id": brief_id, "text": "welder"} for brief_id in ("a", second)]
        briefs.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        answer = shortlist("search", "--briefs", briefs, "--home", home, "--run", run)
        assert answer.code == 1
        assert "no run is written" in answer.err
        assert words in answer.err
        assert "leave --run out" in answer.err
        assert answer.err.count("\n") == 1
    assert run.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["briefs.jsonl", "out.trec"]


def test_a_run_cannot_carry_a_resume_id_with_a_space(shortlist: Shortlist, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert shortlist("index", "-", "--home", home, stdin=line("Jo Doe", "Welder in Hull")).code == 0
    answer = shortlist("search", "welder", "--home", home, "--run", tmp_path / "out.trec")
    assert answer.code == 1
    assert "'Jo Doe' is empty or holds white space, which a TREC run can't carry; rename it" in answer.err
    assert not (tmp_path / "out.trec").exists()
    assert shortlist("search", "welder", "--home", home).ids == ["Jo Doe"]


def test_search_and_score_agree_when_their_means_do(home: Path) -> None:
    """They differ in the means alone: `search` has the corpus', `score` the shipped ones. What is left is the noise
    of int8 encoding, where a vector depends a little on its batch mates, and of int8 vectors in the store."""
    encoder = open_settings_encoder(Settings())
    brief = structure_brief(brief_from_value(NURSE, origin="test"))
    with open_index(Settings(home=home), encoder, write=False) as handle:
        found = {item.resume_id: item for item in open_searcher(handle, encoder)(brief).items}
        score = PairScorer(encoder, BriefEncoder(encoder), default_reranker(), handle.dense.means)
        resumes = [
            structure_resume(resume_from_value({"resume_id": name, "text": text}, origin="test"))
            for name, _, _, text in PEOPLE
        ]
        for item in score([(brief, resume) for resume in resumes]):
            assert item.fit == pytest.approx(found[item.resume_id].fit, abs=0.02)
