from math import log2
from pathlib import Path

import pytest

from indexer.errors import BadInput
from indexer.stores import Hit
from retriever.evaluation import MEASURES, evaluate, load_beir_qrels, load_qrels, load_run


def hits(*ids: str, score: float | None = None) -> list[Hit]:
    return [Hit(resume_id, -float(rank) if score is None else score) for rank, resume_id in enumerate(ids)]


WHOLE = {"q1": {"a": 3.0, "b": 0.0, "c": 1.0}, "q2": {"a": 0.0, "d": 2.0}}
RUN = {"q1": hits("b", "a", "x", "c"), "q2": hits("d", "a")}


def test_the_measures_are_those_of_trec_eval() -> None:
    result = evaluate(WHOLE, RUN)
    assert tuple(result.means) == MEASURES
    ndcg = (3 / log2(3) + 1 / log2(5)) / (3 + 1 / log2(3))
    assert result.by_brief["q1"] == pytest.approx(
        {"AP": (1 / 2 + 2 / 4) / 2, "nDCG@10": ndcg, "R@100": 1.0, "RR": 0.5, "P@5": 0.4}
    )
    assert result.by_brief["q2"] == pytest.approx({"AP": 1.0, "nDCG@10": 1.0, "R@100": 1.0, "RR": 1.0, "P@5": 0.2})
    assert result.means["AP"] == pytest.approx(0.75)


def test_fits_and_levels_measure_alike() -> None:
    fits = {brief: {resume: grade / 5 for resume, grade in judged.items()} for brief, judged in WHOLE.items()}
    for threshold in (0.2, 0.4, 0.6):
        by_fit = evaluate(fits, RUN, relevant_from=threshold)
        assert by_fit.means == pytest.approx(evaluate(WHOLE, RUN, relevant_from=round(5 * threshold)).means)
    assert evaluate(fits, RUN).means == evaluate(fits, RUN, relevant_from=0.6).means


def test_the_threshold_moves_all_but_ndcg() -> None:
    low, high = evaluate(WHOLE, RUN, relevant_from=1), evaluate(WHOLE, RUN, relevant_from=3)
    assert low.means["nDCG@10"] == high.means["nDCG@10"]
    assert low.by_brief["q1"]["AP"] == pytest.approx(0.5)
    assert high.by_brief["q1"]["P@5"] == pytest.approx(0.2)
    assert high.by_brief["q2"]["AP"] == 0.0  # nothing in q2 reaches the threshold: counted as 0, not left out


def test_equal_scores_are_measured_in_the_order_given() -> None:
    qrels = {"q": {"a": 1.0}}
    assert evaluate(qrels, {"q": hits("a", "b", score=1.0)}).means["RR"] == 1.0
    assert evaluate(qrels, {"q": hits("b", "a", score=1.0)}).means["RR"] == 0.5


def test_a_brief_that_the_run_lacks_counts_as_zero_and_an_unjudged_one_is_left_out() -> None:
    result = evaluate(WHOLE, {"q1": RUN["q1"], "unjudged": hits("a")})
    assert set(result.by_brief) == {"q1", "q2"}
    assert set(result.by_brief["q2"].values()) == {0.0}
    assert result.means["RR"] == pytest.approx(0.25)
    assert set(evaluate(WHOLE, {}).means.values()) == {0.0}


@pytest.mark.parametrize("measure", ["Foo", "nDCG@x", "RR@10", "ERR@10", ""])
def test_an_unknown_measure_is_named(measure: str) -> None:
    with pytest.raises(BadInput, match="write AP, nDCG@10"):
        evaluate(WHOLE, RUN, [measure])


def test_nothing_to_measure_against_is_an_error() -> None:
    for qrels in ({}, {"q": {}}):
        with pytest.raises(BadInput, match="no judgments"):
            evaluate(qrels, RUN)
    with pytest.raises(BadInput, match="unrelated resumes relevant"):
        evaluate(WHOLE, RUN, relevant_from=0)


def test_a_beir_folder_without_the_split_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="splits here: none"):
        load_beir_qrels(tmp_path)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    assert load_beir_qrels(tmp_path, "dev") == {"q1": {"d1": 1.0}}
    with pytest.raises(BadInput, match=r"test\.tsv: no such file.*splits here: dev"):
        load_beir_qrels(tmp_path)


def test_files_that_cannot_be_used_raise_one_kind_of_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("one two\n")
    for load in (load_qrels, load_run):
        with pytest.raises(BadInput, match="bad:1: 2 columns"):
            load(bad)
        with pytest.raises(BadInput, match="cannot be read"):
            load(tmp_path / "missing")
