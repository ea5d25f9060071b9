"""Ranking, fit and evidence over seeded vectors; real text is tested with the command line."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.briefs import Brief, Requirement, RequirementKind
from indexer.centring import LanguageMeans
from indexer.resumes import Resume, SectionKind, Segment
from indexer.stores import StoredResume
from indexer.vectors import SegmentVectors
from reranker.defaults import default_reranker
from reranker.fit import LEVELS, Logistic, level
from reranker.ranking import Ranking, order
from retriever.briefs import BriefEncoder, EncodedBrief

DIM = 24
MEANS = LanguageMeans(np.full(DIM, 0.1, dtype=np.float32), {"en": np.full(DIM, 0.05, dtype=np.float32)})
RERANKER = default_reranker()


class SeededEncoder:
    name, dim, fingerprint = "seeded", DIM, "seeded/1"

    def encode(self, texts, role):  # noqa: ARG002
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, DIM), np.float32)


def vector(text: str) -> np.ndarray:
    found = np.random.default_rng(list(text.encode())).normal(size=DIM).astype(np.float32)
    return found / np.linalg.norm(found)


def resume(resume_id: str, *lines: str, language: str = "en") -> StoredResume:
    text, segments, start = "\n".join(lines), [], 0
    for line in lines:
        segments.append(Segment(line, start, start + len(line), SectionKind.EXPERIENCE))
        start += len(line) + 1
    held = Resume(resume_id, text, 1, language, (), tuple(segments))
    rows = SeededEncoder().encode(lines, "passage")
    return StoredResume(held, SegmentVectors.quantise(rows, language), "digest")


def encoded(*requirements: str, title: str = "a title") -> EncodedBrief:
    kinds = [Requirement(text, RequirementKind.MUST, 1.0 + place) for place, text in enumerate(requirements)]
    return BriefEncoder(SeededEncoder())(Brief("b", "\n".join(requirements), "en", tuple(kinds), title), MEANS)


BRIEF = encoded("weld pipes", "read drawings", "drive a forklift")
lines = st.lists(st.sampled_from([*"abcdefghij", "weld pipes", "read drawings"]), min_size=0, max_size=6)


@given(st.lists(lines, min_size=1, max_size=60), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_a_place_depends_on_the_resume_alone(texts, random) -> None:
    held = [resume(f"r{place}", *text) for place, text in enumerate(texts)]
    ranking = RERANKER(BRIEF, held, MEANS)
    found = {item.resume_id: item for item in ranking.items}
    shuffled = random.sample(held, len(held))
    again = RERANKER(BRIEF, shuffled, MEANS)
    assert [item.resume_id for item in again.items] == [item.resume_id for item in ranking.items]
    for first, second in zip(ranking.items, again.items, strict=True):
        assert second.score == pytest.approx(first.score, abs=5e-6)
        assert [entry.evidence for entry in second.requirements] == [entry.evidence for entry in first.requirements]
    scores = RERANKER.scores(BRIEF, [record.vectors for record in shuffled], MEANS)
    for record, score in zip(shuffled, scores, strict=True):
        alone = RERANKER(BRIEF, [record], MEANS).items[0]
        assert score == pytest.approx(found[record.resume.resume_id].score, abs=5e-6)
        assert alone.score == pytest.approx(score, abs=5e-6)
        assert alone.fit == pytest.approx(found[record.resume.resume_id].fit, abs=5e-6)
    for better, worse in pairwise(ranking.items):
        assert (-better.score, better.resume_id) < (-worse.score, worse.resume_id)
        assert better.fit >= worse.fit
    assert all(0 <= item.fit <= 1 for item in ranking.items)


def test_evidence_is_the_resumes_own_words_best_first() -> None:
    held = resume("r", "drove a van", "weld pipes", "read drawings", "slept")
    item = RERANKER(BRIEF, [held], MEANS).items[0]
    assert [entry.requirement for entry in item.requirements] == ["weld pipes", "read drawings", "drive a forklift"]
    assert [entry.weight for entry in item.requirements] == [1.0, 2.0, 3.0]
    weld, read, forklift = item.requirements
    assert weld.evidence[0].text == "weld pipes"
    assert read.evidence[0].text == "read drawings"
    for entry in item.requirements:
        for segment in entry.evidence:
            assert held.resume.text[segment.start : segment.end] == segment.text
        assert all(a.similarity >= b.similarity for a, b in pairwise(entry.evidence))
    assert weld.evidence[0].similarity == pytest.approx(1.0, abs=1e-3)
    assert weld.fit > forklift.fit


def test_a_requirement_that_nothing_supports_has_no_evidence() -> None:
    item = RERANKER(encoded("weld pipes"), [resume("r", "x")], MEANS).items[0]
    assert item.requirements[0].fit < RERANKER.support
    assert item.requirements[0].evidence == ()


def test_a_resume_that_says_it_beats_one_that_does_not() -> None:
    ranking = RERANKER(BRIEF, [resume("no", "x", "y"), resume("yes", "weld pipes", "read drawings")], MEANS)
    assert [item.resume_id for item in ranking.items] == ["yes", "no"]


def test_nothing_to_rank_and_nothing_to_read() -> None:
    assert RERANKER(BRIEF, [], MEANS).items == ()
    assert RERANKER.scores(BRIEF, [], MEANS) == []
    item = RERANKER(BRIEF, [resume("empty")], MEANS).items[0]
    assert item.fit < 0.01
    assert all(entry.evidence == () for entry in item.requirements)


def test_equal_resumes_are_ordered_by_id() -> None:
    held = [resume(name, "weld pipes", "slept") for name in ("b", "c", "a")]
    assert [item.resume_id for item in RERANKER(BRIEF, held, MEANS).items] == ["a", "b", "c"]


def test_a_brief_without_title_is_compared_by_all_its_requirements() -> None:
    brief = encoded("weld pipes", "read drawings", title="")
    ranking = RERANKER(brief, [resume("no", "x", "y"), resume("yes", "weld pipes")], MEANS)
    assert ranking.items[0].resume_id == "yes"


def test_top_and_json_form() -> None:
    held = [resume(f"r{n}", "weld pipes", "slept" * n) for n in range(5)]
    ranking = RERANKER(BRIEF, held, MEANS)
    assert ranking.top(2) == Ranking("b", ranking.items[:2])
    assert order(list(reversed(ranking.items))) == ranking.items
    record = ranking.items[0].to_dict()
    assert list(record) == ["resume_id", "score", "fit", "level", "evidence"]
    assert record["level"] in LEVELS.values()
    assert all(len(str(segment["similarity"])) <= 9 for entry in record["evidence"] for segment in entry["segments"])


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_map_is_monotone_and_bounded(first: float, second: float) -> None:
    fit = Logistic(slope=2.8, offset=-3.1)
    low, high = sorted((first, second))
    assert 0.0 <= fit(low) <= fit(high) <= 1.0


def test_levels_have_names() -> None:
    assert [level(value) for value in (0.0, 0.11, 0.4, 0.69, 0.71, 1.0)] == [
        "unrelated",
        "distant",
        "partial",
        "plausible",
        "strong",
        "excellent",
    ]
    assert Logistic(1.0, 0.0)(float("-inf")) == 0.0
