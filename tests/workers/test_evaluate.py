import json
from pathlib import Path

import pytest

from tests.workers.conftest import PEOPLE, Shortlist

MEASURES = ["AP", "nDCG@10", "R@100", "RR", "P@5"]
QUERIES = {
    "q1": ("intensive care nurse for ventilated patients", ("nurse-de", "nurse-en")),
    "q2": ("cook with HACCP for a canteen", ("cook-fr", "cook-es")),
    "q3": ("truck driver, dangerous goods", ("driver-en", "driver-de")),
}


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": name, "title": "", "text": text} for name, _, _, text in PEOPLE]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in corpus))
    queries = [{"_id": name, "text": text} for name, (text, _) in QUERIES.items()] + [{"_id": "unjudged", "text": "x"}]
    (folder / "queries.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in queries))
    judged = [f"{name}\t{resume}\t1\n" for name, (_, resumes) in QUERIES.items() for resume in resumes]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    return folder


def test_a_beir_folder_is_measured_stage_by_stage(shortlist: Shortlist, beir: Path, tmp_path: Path) -> None:
    answer = shortlist("evaluate", beir, "--home", tmp_path / "home")
    assert answer.code == 0
    assert answer.counts == {"briefs": 3, "judgments": 6, "rejected": 0}
    assert [list(record) for record in answer.records] == [["run", *MEASURES]] * 4
    by_stage = {record["run"]: record for record in answer.records}
    assert list(by_stage) == ["lexical", "dense", "fused", "re-ranked"]
    # Words match within a language only, and two of the six relevant resumes are in that of the queries.
    assert by_stage["lexical"]["R@100"] == pytest.approx(2 / 6, abs=1e-6)
    assert by_stage["dense"]["R@100"] == by_stage["re-ranked"]["R@100"] == 1
    assert by_stage["re-ranked"]["AP"] > by_stage["lexical"]["AP"]
    assert shortlist("evaluate", beir, "--home", tmp_path / "home").out == answer.out
    assert shortlist("evaluate", beir).out == answer.out


def test_documents_that_cannot_be_used_are_counted(shortlist: Shortlist, beir: Path) -> None:
    with (beir / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "empty", "title": "", "text": ""}\n')
    answer = shortlist("evaluate", beir)
    assert (answer.code, len(answer.records)) == (1, 4)
    assert answer.counts["rejected"] == 1
    assert "corpus.jsonl:13: empty" in answer.err


def test_what_a_beir_folder_lacks_is_named(shortlist: Shortlist, beir: Path) -> None:
    answer = shortlist("evaluate", beir, "--split", "dev")
    assert answer.code == 1
    assert "splits here: test" in answer.err
    with (beir / "qrels" / "test.tsv").open("a") as file:
        file.write("q9\tcook-fr\t1\n")
    assert "no query for 1 judged ids, 'q9' first" in shortlist("evaluate", beir).err
    (beir / "corpus.jsonl").rename(beir / "documents.jsonl")
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tnurse-de\t1\n")
    answer = shortlist("evaluate", beir)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "no corpus.jsonl" in answer.err


def test_run_files_are_measured_against_judgments(shortlist: Shortlist, beir: Path, home: Path) -> None:
    good, poor = beir / "rün.trec", beir / "poor.trec"
    assert shortlist("search", "--briefs", beir / "queries.jsonl", "--home", home, "--run", good).code == 0
    poor.write_text("q1 Q0 driver-en 1 2.0 other\nq1 Q0 nurse-de 2 1.0 other\n")
    answer = shortlist("evaluate", beir / "qrels" / "test.tsv", "--run", good, "--run", poor)
    assert answer.code == 0
    assert answer.counts == {"briefs": 3, "judgments": 6, "rejected": 0}
    assert [record["run"] for record in answer.records] == [str(good), str(poor)]
    assert answer.records[0]["R@100"] == 1
    # Of three judged briefs one is answered, at the second place.
    assert answer.records[1]["RR"] == pytest.approx(0.5 / 3, abs=1e-6)
    assert answer.records[1]["AP"] == pytest.approx(0.25 / 3, abs=1e-6)


def test_usage_errors(shortlist: Shortlist, beir: Path) -> None:
    qrels = beir / "qrels" / "test.tsv"
    for arguments, words in (
        ((qrels,), "needs at least one run"),
        ((beir, "--run", qrels), "not with a BEIR folder"),
        ((beir / "nowhere",), "does not exist"),
        ((qrels, "--run", beir / "nowhere"), "does not exist"),
        ((qrels, "--run", qrels, "--run", qrels), "given twice"),
    ):
        answer = shortlist("evaluate", *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert words in answer.err
    broken = beir / "broken.trec"
    broken.write_text("q1 Q0 nurse-de 1\n")
    answer = shortlist("evaluate", qrels, "--run", broken)
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert f"{broken}:1: 4 columns where a TREC run has 6" in answer.err
