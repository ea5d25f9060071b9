from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import IndexBusy
from indexer.filters import Filter
from indexer.resumes import Span
from indexer.stores import Hit, LexicalQuery, Outcome, StoredResume
from indexer.stores.analysers import analyser
from indexer.stores.lmdb import LmdbStore
from indexer.stores.tantivy import TantivyIndex
from indexer.stores.tantivy_documents import SCHEMA

Make = Callable[..., StoredResume]


@pytest.fixture
def index(tmp_path: Path) -> TantivyIndex:
    return TantivyIndex(tmp_path / "lexical")


def ids(
    index: TantivyIndex, text: str, language: str = "en", *, depth: int = 10, filters: tuple[str, ...] = ()
) -> list[str]:
    parsed = [Filter.parse(expression) for expression in filters]
    hits = index.search([LexicalQuery(text)], language=language, depth=depth, filters=parsed)
    return [hit.resume_id for hit in hits]


def test_nothing_there(index: TantivyIndex, store: LmdbStore) -> None:
    assert (index.watermark(), ids(index, "java"), index.catch_up(store)) == (0, [], 0)
    assert ids(index, "java") == []


def test_words_in_their_own_language(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put(
        [
            record("en", lines=("Developers of banking applications",)),
            record("de", lines=("Entwicklung von Straßenbahnen in Häusern",), language="de"),
            record("fr", lines=("Ingénieur d'études bancaires",), language="fr"),
            record("pl", lines=("Łódź, programista",), language="pl"),
            record("und", lines=("Java banking",), language="und"),
        ]
    )
    assert index.catch_up(store) == 5
    assert index.watermark() == store.watermark() == 5
    assert ids(index, "the developer, bank application") == ["en"]
    assert ids(index, "HAUS", "de") == ["de"]
    assert ids(index, "etude", "fr") == ids(index, "Études", "fr") == ["fr"]
    assert ids(index, "lodz", "pl") == ["pl"]
    assert ids(index, "java", "und") == ["und"]
    assert ids(index, "java", "en") == ids(index, "haus", "en") == ids(index, "java", "xx") == []


def test_changes_of_text_language_and_life(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put([record("a", 1, ("java",)), record("b", 1, ("java",)), record("c", 1, ("java",))])
    index.catch_up(store)
    store.put([record("a", 2, ("kotlin",)), record("b", 2, ("java",), language="de")])
    store.delete("c", 2)
    assert index.catch_up(store) == 3
    assert (ids(index, "java"), ids(index, "kotlin"), ids(index, "java", "de")) == ([], ["a"], ["b"])
    assert sorted(index.sequences()) == [("a", 4), ("b", 5)]
    assert index.catch_up(store) == 0
    store.put([record("c", 3, ("java",))])
    index.catch_up(store)
    assert ids(index, "java") == ["c"]


def test_titles_are_words_and_contacts_are_not(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    held = record("r", lines=("secret@example.org", "java"), title="Berufserfahrung")
    resume = held.resume
    private = replace(resume, segments=resume.segments[1:], private=(Span(16, 34),))
    store.put(
        [
            StoredResume(
                private, replace(held.vectors, codes=held.vectors.codes[1:], scales=held.vectors.scales[1:]), "d"
            )
        ]
    )
    index.catch_up(store)
    assert ids(index, "Berufserfahrung") == ids(index, "java") == ["r"]
    assert ids(index, "secret") == ids(index, "example.org") == []


def test_a_replay_changes_nothing(index: TantivyIndex, store: LmdbStore, record: Make, tmp_path: Path) -> None:
    """A crash after the commit and before the watermark: the same changes come again."""
    store.put([record(f"r{number}", lines=("java " * (number + 1), "kafka")) for number in range(9)])
    index.catch_up(store)
    before = index.search([LexicalQuery("java")], language="en", depth=9)
    (tmp_path / "lexical" / "watermark").unlink()
    again = TantivyIndex(tmp_path / "lexical")
    assert again.catch_up(store) == 9
    assert again.search([LexicalQuery("java")], language="en", depth=9) == before
    assert len(list(again.sequences())) == 9


def test_clear_and_rebuild(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put([record("a", 1, ("java",)), record("b", 1, ("java",), language="de")])
    index.catch_up(store)
    index.clear()
    assert (index.watermark(), ids(index, "java"), list(index.sequences())) == (0, [], [])
    assert index.catch_up(store) == 2
    assert (ids(index, "java"), ids(index, "java", "de")) == (["a"], ["b"])


def test_another_reader_sees_what_was_committed(
    index: TantivyIndex, store: LmdbStore, record: Make, tmp_path: Path
) -> None:
    store.put([record("a", 1, ("java",))])
    index.catch_up(store)
    reader = TantivyIndex(tmp_path / "lexical")
    assert ids(reader, "java") == ["a"]
    store.put([record("b", 1, ("java",))])
    index.catch_up(store)
    assert ids(reader, "java") == ["a", "b"]
    index.clear()
    assert ids(reader, "java") == []
    index.catch_up(store)
    assert ids(reader, "java") == ["a", "b"]


def test_bm25_is_not_moved_by_other_languages(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put([record("a", lines=("java kafka",)), record("b", lines=("java", "word " * 50))])
    index.catch_up(store)
    before = index.search([LexicalQuery("java")], language="en", depth=2)
    store.put([record(f"d{number}", lines=("java " * 300,), language="de") for number in range(50)])
    index.catch_up(store)
    assert index.search([LexicalQuery("java")], language="en", depth=2) == before


def test_weights(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put([record("java", lines=("java",)), record("cobol", lines=("cobol",)), record("none", lines=("lisp",))])
    index.catch_up(store)

    def search(java: float, cobol: float) -> dict[str, float]:
        queries = [LexicalQuery("java java", java), LexicalQuery("cobol", cobol), LexicalQuery("java", java)]
        return {hit.resume_id: hit.score for hit in index.search(queries, language="en", depth=5)}

    one, three = search(1, 1), search(3, 1)
    assert set(one) == {"java", "cobol"}
    assert one["java"] == pytest.approx(2 * one["cobol"])  # in two queries, and once in each
    assert three["java"] == pytest.approx(3 * one["java"])
    assert three["cobol"] == pytest.approx(one["cobol"])


@pytest.mark.parametrize(
    "query",
    [
        "AND OR NOT",
        "java AND",
        "title:java",
        "(java",
        '"java',
        "java*",
        "jav~",
        "java^9",
        "\\",
        "/j.*/",
        "",
        "  ",
        "\0",
        "+java -kafka",
        "[a TO z]",
        "IN [java]",
    ],
)
def test_nothing_is_query_syntax(index: TantivyIndex, store: LmdbStore, record: Make, query: str) -> None:
    store.put([record("r", lines=("java",)), record("other", lines=("kafka",))])
    index.catch_up(store)
    words = {word for word in ("java", "kafka") if word in query}
    expected = sorted({"java": "r", "kafka": "other"}[word] for word in words)
    assert sorted(ids(index, query)) == expected


@given(st.text())
def test_any_text_is_analysed(text: str) -> None:
    for language in ("en", "de", "pl", "und"):
        assert all(
            isinstance(term, str) for term in analyser(language).analyze(text.encode("utf-8", "ignore").decode())
        )


def test_ties_go_by_id_across_the_cut(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    for number in range(99, -1, -1):  # written in the opposite order, in commits of their own
        store.put([record(f"r{number:02}", lines=("java",))])
        if number % 25 == 0:
            index.catch_up(store)
    assert ids(index, "java", depth=5) == [f"r{number:02}" for number in range(5)]
    assert ids(index, "java", depth=500) == [f"r{number:02}" for number in range(100)]
    assert ids(index, "java", depth=0) == []


def test_filters_leave_the_score(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    store.put([record("a", lines=("java",), meta={"n": 1, "c": "x"}), record("b", lines=("lisp",))])
    index.catch_up(store)
    plain = index.search([LexicalQuery("java")], language="en", depth=3)
    conditions = [Filter.parse(expression) for expression in ("n>0", "c=x", "c!=y", "language=en")]
    assert index.search([LexicalQuery("java")], language="en", depth=3, filters=conditions) == plain
    assert plain == [Hit("a", plain[0].score)]


def test_odd_content(index: TantivyIndex, store: LmdbStore, record: Make) -> None:
    odd = [
        record("nul \0 id", lines=("java \0 \u202e kafka",), meta={"f\0": "x", "f": "a\0b", "big": "w" * 100_000}),
        record("long" * 120, lines=("java", "x" * 100_000)),
        record("empty", lines=()),
        record("../up", lines=("java",), language="../../x"),
    ]
    assert store.put(odd) == [Outcome.WRITTEN] * 4
    assert index.catch_up(store) == 4
    assert set(ids(index, "kafka java")) == {"nul \0 id", "long" * 120}
    assert ids(index, "java", "../../x") == ["../up"]
    assert index.search([LexicalQuery("java")], language="en", depth=5, filters=[Filter("f", "=", ("a\0b",))])


def test_two_writers(index: TantivyIndex, store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record("a", lines=("java",))])
    index.catch_up(store)
    other = tantivy.Index(SCHEMA, path=str(tmp_path / "lexical" / "text-en"))
    writer = other.writer(15_000_000, 1)
    store.put([record("b", lines=("java",))])
    with pytest.raises(IndexBusy, match="another process"):
        index.catch_up(store)
    writer.rollback()
    del writer
    assert index.catch_up(store) == 1
    assert ids(index, "java") == ["a", "b"]
