import numpy as np
import pytest

from indexer.briefs import Brief, Requirement, RequirementKind
from indexer.centring import LanguageMeans
from indexer.errors import BadRecord
from retriever.briefs import BriefEncoder
from retriever.first_stage import lexical_queries

DIM = 64  # of the encoder of conftest.py
MEANS = LanguageMeans(np.full(DIM, 0.01, dtype=np.float32), shift=np.full(DIM, 0.02, dtype=np.float32))


def brief(*requirements: Requirement, title: str = "", text: str = "") -> Brief:
    return Brief("b", text, "en", requirements, title)


def test_vectors_are_centred_for_queries_and_belong_to_the_requirements(encoder) -> None:
    requirements = (Requirement("python"), Requirement("steel welding", RequirementKind.NICE, 0.5))
    encoded = BriefEncoder(encoder)(brief(*requirements, title="welder"), MEANS)
    raw = encoder.encode(["python", "steel welding", "welder"], "query")
    centred = MEANS.centre(raw, "en", "query")
    assert encoded.requirements == requirements
    assert np.array_equal(encoded.raw, raw[:2])
    assert np.array_equal(encoded.vectors, centred[:2])
    assert np.array_equal(encoded.title, centred[2])
    assert encoded.weights.tolist() == [1.0, 0.5]
    total = centred[:2].sum(axis=0)
    assert np.allclose(encoded.document, total / np.linalg.norm(total), atol=1e-6)


def test_the_same_content_is_encoded_once_whatever_the_id_and_the_means(encoder) -> None:
    encode = BriefEncoder(encoder, cached=2)
    first = encode(Brief("one", "", "en", (Requirement("python"),), "dev"), MEANS)
    again = encode(Brief("two", "", "en", (Requirement("python", weight=3.0),), "dev"), LanguageMeans.zero(DIM))
    assert len(encoder.calls) == 1
    assert np.array_equal(first.raw, again.raw)
    assert not np.array_equal(first.vectors, again.vectors)
    assert again.weights.tolist() == [3.0]
    encode(brief(Requirement("python")), MEANS)  # without the title: other content
    encode(brief(Requirement("java")), MEANS)
    encode(brief(Requirement("python"), title="dev"), MEANS)  # pushed out by the two above
    assert len(encoder.calls) == 4


def test_what_is_cached_cannot_be_changed_by_a_caller(encoder) -> None:
    encoded = BriefEncoder(encoder)(brief(Requirement("python")), MEANS)
    with pytest.raises(ValueError, match="read-only"):
        encoded.raw[0] = 0.0


def test_a_brief_without_requirements_is_its_title_or_its_text(encoder) -> None:
    encode = BriefEncoder(encoder)
    assert encode(brief(title="welder", text="we seek"), MEANS).requirements == (Requirement("welder"),)
    untitled = encode(brief(text=" we seek a welder "), MEANS)
    assert untitled.requirements == (Requirement("we seek a welder"),)
    assert np.array_equal(untitled.title, untitled.vectors[0])


def test_the_title_of_an_untitled_brief_is_all_its_requirements(encoder) -> None:
    encoded = BriefEncoder(encoder)(brief(Requirement("python"), Requirement("team")), MEANS)
    whole = MEANS.centre(encoder.encode(["python\nteam"], "query"), "en", "query")
    assert np.array_equal(encoded.title, whole[0])


def test_a_brief_without_words_is_refused(encoder) -> None:
    with pytest.raises(BadRecord, match="brief 'b' holds no words"):
        BriefEncoder(encoder)(brief(Requirement("  "), text="\n"), MEANS)


def test_each_requirement_is_a_lexical_query_of_its_own_and_so_is_the_title(encoder) -> None:
    encode = BriefEncoder(encoder)
    requirements = (Requirement("python", weight=2.0), Requirement("team", weight=0.5))
    queries = lexical_queries(encode(brief(*requirements, title=" developer "), MEANS))
    assert [(query.text, query.weight) for query in queries] == [("python", 2.0), ("team", 0.5), ("developer", 2.0)]
    assert len(lexical_queries(encode(brief(*requirements, title="team"), MEANS))) == 2
