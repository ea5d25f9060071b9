import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.stores import Hit
from retriever.runs import Run, RunHit, in_trec_order, read_qrels, read_run, run_lines, strictly_descending

IDS = st.text(st.characters(exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=6)
SCORES = st.floats(-1e30, 1e30) | st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-12, 0.1, -2.5])


def write_run(run: Run, path: Path, tag: str = "shortlist") -> None:
    lines = [line + "\n" for brief_id, hits in run.items() for line in run_lines(brief_id, hits, tag)]
    path.write_text("".join(lines), encoding="utf-8")


def ranked(scored: dict[str, float]) -> list[Hit]:
    return [Hit(*item) for item in sorted(scored.items(), key=lambda item: (-item[1], item[0]))]


@given(st.dictionaries(IDS, st.dictionaries(IDS, SCORES, min_size=1, max_size=8), max_size=4))
def test_a_written_run_reads_back_in_the_same_order(tmp_path_factory: pytest.TempPathFactory, scored: dict) -> None:
    path = tmp_path_factory.mktemp("run") / "out.trec"
    run = {brief_id: ranked(scores) for brief_id, scores in scored.items()}
    write_run(run, path)
    back = read_run(path)
    assert {key: [hit.resume_id for hit in hits] for key, hits in back.items()} == {
        key: [hit.resume_id for hit in hits] for key, hits in run.items()
    }
    for brief_id, hits in run.items():
        for hit, read in zip(hits, back[brief_id], strict=True):
            assert read.score == pytest.approx(hit.score, rel=1e-5, abs=1e-30)


@given(st.lists(SCORES, max_size=10))
def test_scores_become_strictly_descending_in_the_given_order(scores: list[float]) -> None:
    hits = [Hit(str(row), score) for row, score in enumerate(scores)]
    result = strictly_descending(hits)
    assert [hit.resume_id for hit in result] == [hit.resume_id for hit in hits]
    assert all(first.score > second.score for first, second in pairwise(result))


def test_the_file_has_six_columns_ranks_from_one_and_descending_scores(tmp_path: Path) -> None:
    path = tmp_path / "out.trec"
    write_run({"q1": [Hit("b", 2.0), Hit("a", 1.5)], "q2": []}, path, "tag")
    assert path.read_text() == "q1 Q0 b 1 2 tag\nq1 Q0 a 2 1.5 tag\n"


def test_trec_eval_sees_equal_scores_in_the_order_written(tmp_path: Path) -> None:
    # trec_eval alone would put "b" before "a": equal scores go by descending id.
    path = tmp_path / "out.trec"
    write_run({"q": [Hit("a", 1.0), Hit("b", 1.0), Hit("c", 1.0 - 1e-12)]}, path)
    for relevant, expected in (("a", 1.0), ("b", 1 / 2), ("c", 1 / 3)):
        measured = ir_measures.pytrec_eval.calc_aggregate(
            [ir_measures.RR], [ir_measures.Qrel("q", relevant, 1)], ir_measures.read_trec_run(str(path))
        )
        assert measured[ir_measures.RR] == pytest.approx(expected)


@given(st.dictionaries(IDS, st.sampled_from([1.0, 1.0 + 1e-12, 2.0, -1.0]), min_size=1, max_size=6), st.data())
def test_reading_ranks_a_foreign_run_as_trec_eval_does(scored: dict[str, float], data: st.DataObject) -> None:
    order = [hit.resume_id for hit in in_trec_order(RunHit(*item) for item in scored.items())]
    relevant = data.draw(st.sampled_from(order))
    measured = ir_measures.pytrec_eval.calc_aggregate(
        [ir_measures.RR],
        [ir_measures.Qrel("q", relevant, 1)],
        [ir_measures.ScoredDoc("q", *item) for item in scored.items()],
    )
    assert measured[ir_measures.RR] == pytest.approx(1 / (order.index(relevant) + 1))


def test_the_rank_column_of_a_foreign_run_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "foreign.trec"
    path.write_text("q\tQ0\tx\t1\t0.5\tt\n\nq Q0 y 2 0.75 t\n")
    assert read_run(path) == {"q": [RunHit("y", 0.75), RunHit("x", 0.5)]}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"q Q0 x 1 0.5", "run.trec:2: 5 columns where a TREC run has 6"),
        (b"q Q0 x 1 high t", "run.trec:2: the score 'high' is not a finite number"),
        (b"q Q0 x 1 nan t", "run.trec:2: the score 'nan' is not a finite number"),
        (b"q Q0 x 1 1e39 t", "run.trec:2: the score '1e39' is not a finite number"),
        (b"q Q0 a 2 0.5 t", "run.trec:2: resume 'a' is listed twice for brief 'q'"),
        (b"q Q0 \xff 2 0.5 t", "run.trec:2: not UTF-8 text at byte 5"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "run.trec"
    path.write_bytes(b"q Q0 a 1 0.9 t\n" + line + b"\n")
    with pytest.raises(ValueError, match=r"run\.trec:2") as caught:
        read_run(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("brief_id", "hit", "tag"),
    [("a b", Hit("x", 1.0), "t"), ("q", Hit("my cv.pdf", 1.0), "t"), ("q", Hit("", 1.0), "t"), ("q", Hit("x", 1), "")],
)
def test_ids_with_white_space_are_refused(brief_id: str, hit: Hit, tag: str) -> None:
    with pytest.raises(ValueError, match="white space"):
        list(run_lines(brief_id, [hit], tag))


@pytest.mark.parametrize("score", [float("nan"), float("inf"), 1e300])
def test_a_score_that_is_not_finite_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        list(run_lines("q", [Hit("x", score)], "t"))


def test_beir_and_trec_judgments_read_alike(tmp_path: Path) -> None:
    beir, trec = tmp_path / "test.tsv", tmp_path / "qrels.txt"
    beir.write_text("\ufeffquery-id\tcorpus-id\tscore\r\nq 1\tr 1\t0.6\r\nq2\tr2\t3\r\n", encoding="utf-8")
    trec.write_text("q1 0 r1 2\nq1 0 r2 -1\nq2 0 r1 0\n")
    assert read_qrels(beir) == {"q 1": {"r 1": 0.6}, "q2": {"r2": 3.0}}
    assert read_qrels(trec) == {"q1": {"r1": 2.0, "r2": -1.0}, "q2": {"r1": 0.0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query-id\tcorpus-id\tscore\nq\tr\n", "qrels:2: 2 columns where this file has 3"),
        ("q 0 r\n", "qrels:1: 3 columns where this file has 4"),
        ("q\tr\t1\n", "a BEIR file begins with the line query-id, corpus-id, score"),
        ("q 0 r good\n", "qrels:1: the grade 'good' is not a finite number"),
        ("q 0 r 1\nq 0 r 2\n", "qrels:2: resume 'r' of brief 'q' was judged 1 before"),
        ("", "qrels: no judgment in this file"),
        ("query-id\tcorpus-id\tscore\n", "qrels: no judgment in this file"),
    ],
)
def test_bad_judgments_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "qrels"
    path.write_text(text)
    with pytest.raises(ValueError, match="qrels") as caught:
        read_qrels(path)
    assert message in str(caught.value)


def test_runs_import_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; import retriever.runs; "
        "print(sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "['__main__', 'retriever']"
