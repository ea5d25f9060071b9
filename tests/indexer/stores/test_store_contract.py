"""What every `ResumeStore` promises, asked of each backend alike."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import BadRecord
from indexer.filters import Filter
from indexer.resumes import MetaValue
from indexer.stores import Known, Outcome, ResumeStore, StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.stores.opensearch import OpenSearchStore

Make = Callable[..., StoredResume]
Open = Callable[[], ResumeStore]


@pytest.fixture(params=["lmdb", pytest.param("opensearch", marks=pytest.mark.opensearch)])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store each time; it is closed at the end."""
    opened: list[ResumeStore] = []
    if request.param == "opensearch":
        server, index = request.getfixturevalue("opensearch_server"), request.getfixturevalue("opensearch_index")

    def open_it() -> ResumeStore:
        if request.param == "lmdb":
            for store in opened:
                store.close()  # a process may hold one environment only once
            opened.append(LmdbStore(tmp_path / "store"))
        else:
            opened.append(OpenSearchStore(server.url, index=index, encoder="made", create=True, settle=0.0))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> ResumeStore:
    return open_store()


def changed(store: ResumeStore, after: int = 0) -> list[tuple[str, int, bool]]:
    log = list(store.changes(after))
    sequences = [change.sequence for change in log]
    assert sequences == sorted(set(sequences))
    assert all(sequence > after for sequence in sequences)
    return [(each.resume_id, each.version, each.deleted) for each in log]


def same(held: StoredResume | None, record: StoredResume) -> bool:
    return (
        held is not None
        and (held.resume, held.digest) == (record.resume, record.digest)
        and np.array_equal(held.vectors.codes, record.vectors.codes)
        and np.array_equal(held.vectors.scales, record.vectors.scales)
    )


def test_empty(store: ResumeStore) -> None:
    assert (len(store), store.watermark(), list(store.changes()), store.languages()) == (0, 0, [], {})
    assert store.get(["a"]) == store.vectors(["a"]) == store.known(["a"]) == [None]
    assert store.get([]) == store.vectors([]) == store.known([]) == store.put([]) == []
    assert store.select(()) == frozenset() == store.select([Filter.parse("a!=1")])


def test_round_trip_in_the_order_asked_for(store: ResumeStore, record: Make) -> None:
    records = [record(f"r{number}", seed=number, meta={"n": number, "tags": ("a", "b")}) for number in range(20)]
    assert store.put(records) == [Outcome.WRITTEN] * 20
    asked = ["r7", "nobody", "r0", "r19", "r7"]
    held, vectors = store.get(asked), store.vectors(asked)
    assert held[1] is vectors[1] is None
    for position, number in ((0, 7), (2, 0), (3, 19), (4, 7)):
        assert same(held[position], records[number])
        assert vectors[position] is not None
        np.testing.assert_array_equal(vectors[position].dense(), records[number].vectors.dense())


def test_versions(store: ResumeStore, record: Make) -> None:
    assert store.put([record("r", 5, ("five",))]) == [Outcome.WRITTEN]
    first = store.watermark()
    assert store.put([record("r", 4, ("four",))]) == [Outcome.STALE]
    assert store.put([record("r", 5, ("five",))]) == [Outcome.UNCHANGED]
    assert store.put([record("r", 5, ("other",))]) == [Outcome.CONFLICT]
    assert store.watermark() == first > 0
    assert store.put([record("r", 6, ("five",))]) == [Outcome.UNCHANGED]
    assert [known and (known.version, known.deleted) for known in store.known(["r"])] == [(6, False)]
    held = store.get(["r"])[0]
    assert held is not None
    assert (held.resume.version, held.resume.text) == (6, "five")
    assert store.put([record("r", 5, ("between",))]) == [Outcome.STALE]
    assert store.put([record("r", 7, ("seven",))]) == [Outcome.WRITTEN]
    assert changed(store) == [("r", 7, False)]


def test_one_id_several_times_in_one_batch(store: ResumeStore, record: Make) -> None:
    batch = [record("r", 1, ("one",)), record("r", 3, ("three",)), record("s", 1), record("r", 2, ("two",))]
    batch += [record("r", 3, ("three",)), record("r", 3, ("rival",))]
    outcomes = [Outcome.STALE, Outcome.WRITTEN, Outcome.WRITTEN, Outcome.STALE, Outcome.UNCHANGED, Outcome.CONFLICT]
    assert store.put(batch) == outcomes
    assert [known and known.version for known in store.known(["r", "s"])] == [3, 1]
    assert len(store) == 2


def test_tombstones(store: ResumeStore, record: Make) -> None:
    store.put([record("r", 2), record("s", 2)])
    assert store.delete("r", 1) is Outcome.STALE
    assert store.delete("r", 3) is Outcome.WRITTEN
    assert store.delete("r", 3) is Outcome.UNCHANGED
    assert store.delete("r", 2) is Outcome.STALE
    assert store.put([record("r", 3)]) == [Outcome.STALE]
    assert store.known(["r"]) == [Known(3, "", True)]
    assert (store.get(["r"]), store.vectors(["r"]), len(store), store.select(())) == ([None], [None], 1, {"s"})
    assert changed(store) == [("s", 2, False), ("r", 3, True)]
    assert store.put([record("r", 4)]) == [Outcome.WRITTEN]
    assert store.delete("late", 9) is Outcome.WRITTEN  # the delete overtook the record
    assert store.put([record("late", 8)]) == [Outcome.STALE]
    assert store.delete("s", 2) is Outcome.WRITTEN  # at the very version that is held
    assert store.select([Filter.parse("any!=1")]) == {"r"}


def test_changes_after_a_watermark(store: ResumeStore, record: Make) -> None:
    store.put([record(f"r{number}") for number in range(2_500)])
    log = list(store.changes())
    assert {change.resume_id for change in log} == {f"r{number}" for number in range(2_500)}
    assert [change.sequence for change in log] == sorted({change.sequence for change in log})
    assert store.watermark() == log[-1].sequence
    assert len(changed(store, log[99].sequence)) == 2_400
    assert changed(store, log[-1].sequence) == []
    store.put([record("r0", 2, ("new",))])
    store.delete("r1", 2)
    assert changed(store, log[-1].sequence) == [("r0", 2, False), ("r1", 2, True)]
    assert len(changed(store)) == 2_500


def test_filters_and_languages_follow_changes(store: ResumeStore, record: Make) -> None:
    store.put([record("a", meta={"country": "FR", "years": 5}), record("b", meta={"country": "DE"}, language="de")])
    assert store.languages() == {"en": 1, "de": 1}
    store.put([record("a", 2, meta={"country": "ES", "years": 7, "tags": ("x", "y")}, language="es")])
    assert store.languages() == {"es": 1, "de": 1}
    select = lambda *expressions: store.select([Filter.parse(expression) for expression in expressions])  # noqa: E731
    assert select("country=FR") == frozenset()
    assert select("country=ES,DE") == {"a", "b"}
    assert select("country=ES,DE", "language=es", "years>6", "tags=y") == {"a"}
    assert select("years!=7") == {"b"}
    store.delete("a", 3)
    assert (select("country!=DE"), select("years>0"), store.languages()) == (frozenset(), frozenset(), {"de": 1})


VALUES: st.SearchStrategy[MetaValue] = st.one_of(
    st.sampled_from([0, 5, 5.0, -0.5, 1e300, 10**400, float("inf"), float("nan"), True, False, "", "5", "1e1", "fr"]),
    st.integers(-5, 5),
    st.floats(-5, 5),
    st.text(max_size=3),
    st.lists(st.sampled_from(["fr", "de", "3", "nan"]), max_size=3).map(tuple),
)
META = st.dictionaries(st.sampled_from(["f", "g.h", "language"]), VALUES)
CONDITIONS = st.builds(
    lambda field, operator, values: Filter(field, operator, values),
    st.sampled_from(["f", "g.h", "language", "none"]),
    st.sampled_from(["=", "!="]),
    st.lists(st.sampled_from(["fr", "en", "5", "true", "", "nan", "inf"]), min_size=1, max_size=3).map(tuple),
) | st.builds(
    lambda field, operator, bound: Filter(field, operator, (bound,)),
    st.sampled_from(["f", "g.h", "language", "none"]),
    st.sampled_from([">=", "<=", ">", "<"]),
    st.sampled_from(["5", "-0.5", "0", "1e300", "inf", "-inf", "nan", "3"]),
)


EVER_NEWER = count(1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metas=st.lists(META, min_size=1, max_size=6), conditions=st.lists(CONDITIONS, min_size=4, max_size=12))
def test_select_agrees_with_the_filter_itself(
    store: ResumeStore, record: Make, metas: list[dict[str, MetaValue]], conditions: list[Filter]
) -> None:
    start = next(EVER_NEWER)  # the examples share a store, and its watermark stands still when nothing changed
    ids = [f"r{number}" for number in range(6)]
    store.put([record(key, start, meta=meta) for key, meta in zip(ids, metas, strict=False)])
    for key in ids[len(metas) :]:
        store.delete(key, start)
    for condition in conditions:
        passing = {key for key, meta in zip(ids, metas, strict=False) if condition.matches({**meta, "language": "en"})}
        assert store.select([condition]) == passing, condition


def test_bad_records_leave_nothing(store: ResumeStore, record: Make) -> None:
    for bad in (record("x" * 512), record(""), record("v", 2**63), record("v", -1), record("s", lines=("\udc00",))):
        with pytest.raises(BadRecord):
            store.put([record("good"), bad])
    unequal = record("u")
    with pytest.raises(ValueError, match="2 segments"):
        store.put([record("good"), StoredResume(unequal.resume, record("u", lines=("one",)).vectors, "d")])
    assert len(store) == 0


def test_odd_content(store: ResumeStore, record: Make) -> None:
    odd = record(
        "id with \0 and \u202e", lines=("nul \0", "bidi \u202e", "🧑‍🚀"), meta={"k" * 600: "v", "f": "w" * 90_000}
    )
    huge = record("huge", lines=tuple(f"line {number}" for number in range(10_000)), meta={"n": 10**400})
    longest = record("x" * 511, 2**63 - 1, ("x" * 2_000_000,), meta={"y" * 50_000: 1})
    empty = record("empty", 0, lines=())
    records = [odd, huge, longest, empty]
    assert store.put(records) == [Outcome.WRITTEN] * 4
    held = store.get([each.resume.resume_id for each in records])
    assert all(map(same, held, records))
    assert store.select([Filter("f", "=", ("w" * 90_000,))]) == {odd.resume.resume_id}
    assert store.select([Filter("k" * 600, "=", ("v",))]) == {odd.resume.resume_id}
    assert store.select([Filter("y" * 50_000, "<", ("2",))]) == {"x" * 511}


def test_opened_again(open_store: Open, record: Make) -> None:
    store = open_store()
    store.put([record("a", 1), record("b", 1)])
    store.delete("b", 2)
    before = (changed(store), store.watermark(), store.known(["a", "b"]))
    store = open_store()
    assert (changed(store), store.watermark(), store.known(["a", "b"])) == before
    assert same(store.get(["a"])[0], record("a", 1))
    store.put([record("c")])
    assert changed(store, before[1]) == [("c", 1, False)]
