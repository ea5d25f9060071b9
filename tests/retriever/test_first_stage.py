"""Stage one over the real embedded stores; only the encoder is a small one, without a language model."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from indexer.briefs import Brief, Requirement
from indexer.errors import BadRecord
from indexer.filters import Filter
from indexer.resumes import MetaValue, Resume, SectionKind, Segment
from indexer.stores import Hit
from retriever.briefs import BriefEncoder

WELDING = "steel welding", "pipeline inspection"
PYTHON = "python services", "database tuning"


def resume(resume_id: str, *lines: str, language: str = "en", **meta: MetaValue) -> Resume:
    segments: list[Segment] = []
    text = ""
    for line in lines:
        segments.append(Segment(line, len(text), len(text) + len(line), SectionKind.EXPERIENCE))
        text += line + "\n"
    return Resume(resume_id, text, 1, language, (), tuple(segments), meta=meta)


def brief(*requirements: str, language: str = "en", title: str = "") -> Brief:
    return Brief("b", "\n".join(requirements), language, tuple(map(Requirement, requirements)), title)


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.resume_id for hit in hits]


CORPUS = [
    resume("welder", *WELDING, country="FR"),
    resume("coder", *PYTHON, country="DE"),
    resume("both", "python services", "steel welding", country="FR"),
    resume("cook", "menu planning", "kitchen hygiene", country="FR"),
    resume("cook-2", "menu planning", "kitchen hygiene", country="IT"),
    # The words of these two are English so that the encoder understands them; what counts is their language.
    resume("soudeur", *WELDING, language="fr", country="FR"),
    resume("cuisinier", "menu planning", "kitchen hygiene", language="fr", country="FR"),
    resume("blank", country="FR"),
]

VARIANTS = [
    pytest.param({"dense_recall": dense_recall, "fusion": fusion, "feedback": feedback}, id=f"{dense_recall}-{name}")
    for dense_recall in ("resume", "segment", "both")
    for name, fusion, feedback in (("z", "z", False), ("feedback", "z", True), ("rrf", "rrf", False))
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_fitting_resumes_come_first(open_stage, variant) -> None:
    stage = replace(open_stage(CORPUS), **variant)
    found = stage(brief(*WELDING, title="welding inspection"), depth=3)
    assert ids(found)[0] == "welder"
    assert set(ids(found)) == {"welder", "soudeur", "both"}
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    recall = stage.recall(brief(*WELDING, title="welding inspection"), depth=3)
    assert ids(recall.fused) == ids(found)
    kept = stage.store.vectors(ids(found))
    assert [vectors.to_bytes() for vectors in recall.vectors] == [vectors.to_bytes() for vectors in kept]


@pytest.mark.parametrize("variant", VARIANTS)
def test_equal_resumes_are_ordered_by_id_whatever_the_order_of_indexing(open_stage, variant) -> None:
    twins = [resume(name, *WELDING) for name in ("c", "a", "d", "b")]
    found = replace(open_stage(twins + CORPUS), **variant)(brief("steel welding"), depth=20)
    again = replace(open_stage((CORPUS + twins)[::-1]), **variant)(brief("steel welding"), depth=20)
    assert [name for name in ids(found) if name in "abcd"] == ["a", "b", "c", "d"]
    assert ids(found) == ids(again)
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in again], abs=1e-5)


def test_words_count_only_within_a_language_and_meaning_across(open_stage) -> None:
    stage = open_stage(CORPUS)
    recall = stage.recall(brief(*WELDING), depth=20)
    assert ids(recall.lexical) == ["welder", "both"]
    assert set(ids(recall.dense)) == {entry.resume_id for entry in CORPUS} - {"blank"}
    # Another language is no penalty: the welder who writes French stays above those who only share a language.
    assert ids(recall.fused)[:3] == ["welder", "soudeur", "both"]
    assert recall.means is stage.dense.means


def test_a_brief_whose_words_nobody_wrote_still_finds_the_nearest(open_stage) -> None:
    recall = open_stage(CORPUS).recall(brief("Quantenfeldtheorie", language="de"), depth=4)
    assert recall.lexical == []
    assert len(recall.dense) == len(recall.fused) == 4


@pytest.mark.parametrize("variant", VARIANTS)
def test_filters_apply_before_the_cut_in_both_branches(open_stage, variant) -> None:
    crowd = [resume(f"welder-{row:03}", *WELDING, country="DE") for row in range(60)]
    stage = replace(open_stage(crowd + CORPUS), **variant)
    recall = stage.recall(brief(*WELDING), depth=3, filters=[Filter.parse("country=FR")])
    assert ids(recall.lexical) == ["welder", "both"]
    assert len(recall.dense) == 3
    assert len(recall.fused) == 3
    assert set(ids(recall.fused)) <= {entry.resume_id for entry in CORPUS if entry.meta["country"] == "FR"}
    assert ids(recall.fused)[0] == "welder"
    assert stage(brief(*WELDING), depth=3, filters=[Filter.parse("country=XX")]) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_empty_index_finds_nothing(open_stage, variant) -> None:
    recall = replace(open_stage([]), **variant).recall(brief(*WELDING, title="welder"), depth=5)
    assert recall.lexical == recall.dense == recall.fused == []


def test_a_resume_deleted_since_the_search_indexes_caught_up_is_not_returned(open_stage) -> None:
    stage = open_stage([*CORPUS, resume("retired", *WELDING)])
    assert "retired" in ids(stage(brief(*WELDING), depth=20))
    stage.store.delete("retired", version=2)
    assert "retired" not in ids(stage(brief(*WELDING), depth=20))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_depth_bounds_every_list(open_stage, variant) -> None:
    recall = replace(open_stage(CORPUS), **variant).recall(brief(*WELDING, "menu planning"), depth=2)
    assert [len(hits) for hits in (recall.lexical, recall.dense, recall.fused)] == [2, 2, 2]


def test_one_brief_is_encoded_once(open_stage, encoder) -> None:
    stage = replace(open_stage(CORPUS), encoder=BriefEncoder(encoder))
    first = stage.recall(brief(*WELDING), depth=3)
    again = stage.recall(brief(*WELDING), depth=3, filters=[Filter.parse("country=FR")])
    assert len(encoder.calls) == 1
    assert first.brief.requirements == again.brief.requirements


def test_a_brief_without_words_is_refused(open_stage) -> None:
    with pytest.raises(BadRecord, match="holds no words"):
        open_stage(CORPUS)(brief(), depth=3)
