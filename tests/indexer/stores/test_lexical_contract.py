"""What every `LexicalIndex` promises, asked of each backend alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from indexer.filters import Filter
from indexer.resumes import Span
from indexer.stores import Hit, LexicalIndex, LexicalQuery, ResumeStore, StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.stores.opensearch import OpenSearchStore
from indexer.stores.opensearch_lexical import OpenSearchLexical
from indexer.stores.tantivy import TantivyIndex

Make = Callable[..., StoredResume]


@dataclass
class Pair:
    """A lexical index and the store that it follows."""

    store: ResumeStore
    lexical: LexicalIndex

    def put(self, *records: StoredResume) -> None:
        self.store.put(records)
        self.lexical.catch_up(self.store)

    def search(
        self, *queries: str | LexicalQuery, language: str = "en", depth: int = 10, filters: tuple[str, ...] = ()
    ) -> list[Hit]:
        asked = [LexicalQuery(query) if isinstance(query, str) else query for query in queries]
        parsed = [Filter.parse(expression) for expression in filters]
        return self.lexical.search(asked, language=language, depth=depth, filters=parsed)

    def ids(self, *queries: str, language: str = "en", depth: int = 10, filters: tuple[str, ...] = ()) -> list[str]:
        return [hit.resume_id for hit in self.search(*queries, language=language, depth=depth, filters=filters)]


@pytest.fixture(params=["tantivy", pytest.param("opensearch", marks=pytest.mark.opensearch)])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    if request.param == "tantivy":
        pair = Pair(LmdbStore(tmp_path / "store"), TantivyIndex(tmp_path / "lexical"))
    else:
        server, name = request.getfixturevalue("opensearch_server"), request.getfixturevalue("opensearch_index")
        store = OpenSearchStore(server.url, index=name, encoder="made", create=True, settle=0.0)
        pair = Pair(store, OpenSearchLexical(store))
    yield pair
    pair.lexical.close()
    pair.store.close()


def test_nothing_there(index: Pair) -> None:
    assert (index.lexical.watermark(), index.ids("java"), index.lexical.catch_up(index.store)) == (0, [], 0)
    assert index.search() == []


def test_words_in_their_own_language(index: Pair, record: Make) -> None:
    index.put(
        record("en", lines=("Developers of banking applications",)),
        record("de", lines=("Entwicklung von Straßenbahnen in Häusern",), language="de"),
        record("fr", lines=("Ingénieur d'études bancaires",), language="fr"),
        record("pl", lines=("Łódź, programista",), language="pl"),
        record("und", lines=("Java banking",), language="und"),
        record("ja", lines=("東京のエンジニア",), language="ja"),
    )
    assert index.lexical.watermark() == index.store.watermark()
    assert index.ids("the developer, bank application") == ["en"]
    assert index.ids("HAUS", language="de") == ["de"]
    assert index.ids("etude", language="fr") == index.ids("Étude", language="fr") == ["fr"]
    assert index.ids("lodz", language="pl") == ["pl"]
    assert index.ids("java", language="und") == ["und"]
    assert index.ids("東京のエンジニア", language="ja") == ["ja"]
    for text, language in (("java", "en"), ("haus", "en"), ("java", "xx"), ("programista", "und"), ("banking", "pl")):
        assert index.ids(text, language=language) == []


def test_changes_of_text_language_and_life(index: Pair, record: Make) -> None:
    index.put(record("a", 1, ("java",)), record("b", 1, ("java",)), record("c", 1, ("java",)))
    assert index.ids("java") == ["a", "b", "c"]
    index.store.delete("c", 2)
    index.put(record("a", 2, ("kotlin",)), record("b", 2, ("java",), language="de"))
    assert (index.ids("java"), index.ids("kotlin"), index.ids("java", language="de")) == ([], ["a"], ["b"])
    index.put(record("c", 3, ("java",)))
    assert index.ids("java") == ["c"]


def test_titles_are_words_and_contacts_are_not(index: Pair, record: Make) -> None:
    held = record("r", lines=("secret@example.org", "java"), title="Berufserfahrung")
    private = replace(held.resume, segments=held.resume.segments[1:], private=(Span(16, 34),))
    vectors = replace(held.vectors, codes=held.vectors.codes[1:], scales=held.vectors.scales[1:])
    index.put(StoredResume(private, vectors, "d"))
    assert index.ids("Berufserfahrung") == index.ids("java") == ["r"]
    assert index.ids("secret") == index.ids("example.org") == []


def test_bm25_is_not_moved_by_other_languages(index: Pair, record: Make) -> None:
    index.put(record("a", lines=("java kafka",)), record("b", lines=("java", "word " * 50)))
    before = index.search("java")
    assert [hit.resume_id for hit in before] == ["a", "b"]
    assert before[0].score > before[1].score > 0
    index.put(*(record(f"d{number}", lines=("java " * 300,), language="de") for number in range(50)))
    assert index.search("java") == before


def test_weights(index: Pair, record: Make) -> None:
    index.put(record("java", lines=("java",)), record("cobol", lines=("cobol",)), record("none", lines=("lisp",)))

    def scores(java: float, cobol: float) -> dict[str, float]:
        queries = [LexicalQuery("java java", java), LexicalQuery("🧑‍🚀 cobol", cobol), LexicalQuery("java", java)]
        return {hit.resume_id: hit.score for hit in index.search(*queries)}

    one, three = scores(1, 1), scores(3, 1)
    assert set(one) == {"java", "cobol"}
    assert one["java"] == pytest.approx(2 * one["cobol"])  # in two queries, and once in each
    assert three["java"] == pytest.approx(3 * one["java"])
    assert three["cobol"] == pytest.approx(one["cobol"])


def test_words_of_the_trade(index: Pair, record: Make) -> None:
    index.put(
        record("cpp", lines=("C++ and Qt",)), record("cs", lines=("Skills:C#,.NET",)), record("c", lines=("C, Make",))
    )
    assert (index.ids("C++"), index.ids("c#"), index.ids("C")) == (["cpp"], ["cs"], ["c"])
    assert index.ids(".NET") == index.ids("skill") == ["cs"]


def test_a_long_brief(index: Pair, record: Make) -> None:
    index.put(record("r", lines=("java kafka",)), record("other", lines=("word7x7",)))
    brief = [" ".join(f"word{line}x{number}" for number in range(40)) + " java" for line in range(100)]
    assert index.ids(*brief)[0] == "r"  # java is in every requirement


@pytest.mark.parametrize(
    "query",
    [
        *("AND OR NOT", "java AND", "text_en:java", "(java", '"java', "java*", "jav~", "java^9", "\\", "/j.*/"),
        *("", "  ", "\0", "+java -kafka", "[a TO z]", "IN [java]", '{"match_all":{}}', "\u202ejava", "🧑‍🚀 java"),
    ],
)
def test_nothing_is_query_syntax(index: Pair, record: Make, query: str) -> None:
    index.put(record("r", lines=("java",)), record("other", lines=("kafka",)))
    words = {word for word in ("java", "kafka") if word in query}
    assert sorted(index.ids(query)) == sorted({"java": "r", "kafka": "other"}[word] for word in words)


def test_ties_go_by_id_across_the_cut(index: Pair, record: Make) -> None:
    for number in range(39, -1, -1):  # written in the opposite order
        index.store.put([record(f"r{number:02}", lines=("java",))])
        if number % 10 == 0:
            index.lexical.catch_up(index.store)
    assert index.ids("java", depth=5) == [f"r{number:02}" for number in range(5)]
    assert index.ids("java", depth=500) == [f"r{number:02}" for number in range(40)]
    assert index.ids("java", depth=0) == []


def test_a_filtered_search_never_comes_back_short(index: Pair, record: Make) -> None:
    def meta(number: int) -> dict[str, object]:
        return {"country": "FR" if number < 300 else "DE", "years": number % 30, "tags": ("a", f"t{number % 2}")}

    # The 300 that pass are the worst matches: the longest texts.
    index.put(*(record(f"r{n}", lines=("java", "word " * (60 if n < 300 else 1)), meta=meta(n)) for n in range(2_000)))
    found = index.ids("java", depth=100, filters=("country=FR",))
    assert len(set(found)) == 100
    assert all(int(resume_id[1:]) < 300 for resume_id in found)
    for filters in [
        ("country=FR", "years>=20"),
        ("years<3", "tags=t1"),
        ("country!=FR", "years=7"),
        ("years!=5",),
        ("language=en", "country=FR,XX"),
        ("language=de",),
        ("none>1",),
        ("none!=1",),
        ("years>100",),
    ]:
        conditions = [Filter.parse(expression) for expression in filters]
        assert set(index.ids("java", depth=2_000, filters=filters)) == index.store.select(conditions)


def test_filters_leave_the_score(index: Pair, record: Make) -> None:
    index.put(record("a", lines=("java",), meta={"n": 1, "c": "x"}), record("b", lines=("lisp",)))
    plain = index.search("java")
    assert [hit.resume_id for hit in plain] == ["a"]
    assert index.search("java", filters=("n>0", "c=x", "c!=y", "language=en")) == plain


def test_odd_content(index: Pair, record: Make) -> None:
    index.put(
        record("nul \0 id", lines=("java \0 \u202e kafka",), meta={"f\0": "x", "f": "a\0b"}),
        record("long" * 120, lines=("java", "x" * 100_000)),
        record("empty", lines=()),
        record("../up", lines=("java",), language="../../x"),
    )
    assert set(index.ids("kafka java")) == {"nul \0 id", "long" * 120}
    assert index.ids("java", language="../../x") == ["../up"]
    hits = index.lexical.search([LexicalQuery("java")], language="en", depth=5, filters=[Filter("f", "=", ("a\0b",))])
    assert [hit.resume_id for hit in hits] == ["nul \0 id"]


def test_cleared_and_caught_up(index: Pair, record: Make) -> None:
    index.put(record("a", 1, ("java",)), record("b", 1, ("java",), language="de"))
    index.lexical.clear()
    index.lexical.catch_up(index.store)
    assert (index.ids("java"), index.ids("java", language="de")) == (["a"], ["b"])
    assert index.lexical.watermark() == index.store.watermark()
