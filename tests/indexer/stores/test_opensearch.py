"""What only a server can do to a store: many writers, forgotten deletes, other people's indexes, full disks."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, RequestError

from indexer.errors import IndexMismatch, IndexMissing, StoreUnavailable
from indexer.stores import LexicalQuery, Outcome, StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.stores.opensearch import OpenSearchStore
from indexer.stores.opensearch_lexical import OpenSearchLexical
from indexer.stores.opensearch_mapping import to_document
from tests.services.server import Server

pytestmark = pytest.mark.opensearch

Make = Callable[..., StoredResume]


@pytest.fixture
def open_store(opensearch_server: Server, opensearch_index: str) -> Iterator[Callable[..., OpenSearchStore]]:
    opened: list[OpenSearchStore] = []

    def open_it(**changed: object) -> OpenSearchStore:
        settings = {
            "index": opensearch_index,
            "encoder": "made",
            "create": True,
            "patience": 30.0,
            "settle": 0.0,
            **changed,
        }
        opened.append(OpenSearchStore(opensearch_server.url, **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def client(opensearch_server: Server) -> Iterator[OpenSearch]:
    with OpenSearch(opensearch_server.url) as client:
        yield client


def test_aliases_and_strict_mapping(open_store: Callable[..., OpenSearchStore], client: OpenSearch) -> None:
    index = open_store().index
    assert client.indices.get_alias(index=f"{index}*") == {
        f"{index}-000001": {"aliases": {index: {}, f"{index}-write": {"is_write_index": True}}}
    }
    with pytest.raises(RequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=f"{index}-write", body={"resume_id": "r", "salary": 1})


def test_an_old_version_stays_away_when_the_server_has_forgotten_the_delete(
    open_store: Callable[..., OpenSearchStore], client: OpenSearch, record: Make
) -> None:
    store = open_store()
    client.indices.put_settings(index=store.index, body={"index.gc_deletes": "0s"})
    store.put([record("r", 5)])
    store.delete("r", 7)
    client.indices.refresh(index=store.index)
    assert store.put([record("r", 6)]) == [Outcome.STALE]
    with pytest.raises(ConflictError):
        client.index(index=store.index, id="r", body=to_document(record("r", 6)), version=6, version_type="external")
    held = client.get(index=store.index, id="r")["_source"]
    assert set(held) == {"resume_id", "version", "deleted", "digest", "change"}  # nothing of the person stays


def test_two_writers_race(open_store: Callable[..., OpenSearchStore], record: Make) -> None:
    stores = [open_store(), open_store()]
    start = threading.Barrier(2)

    def write(which: int) -> list[Outcome]:
        outcomes = []
        start.wait()
        for version in range(which, 40, 2):
            ids = [f"r{number}" for number in range(10)]
            outcomes += stores[which].put([record(key, version, (f"version {version}",)) for key in ids])
        return outcomes

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(write, range(2)))
    assert {each for both in outcomes for each in both} <= {Outcome.WRITTEN, Outcome.STALE}
    for store in stores:
        store.refresh()
        assert [known and known.version for known in store.known([f"r{n}" for n in range(10)])] == [39] * 10
        assert {(change.resume_id, change.version) for change in store.changes()} == {
            (f"r{number}", 39) for number in range(10)
        }


def test_two_writers_with_one_version(open_store: Callable[..., OpenSearchStore], record: Make) -> None:
    stores, start = [open_store(), open_store()], threading.Barrier(2)

    def write(which: int) -> list[Outcome]:
        start.wait()
        return stores[which].put([record(f"r{number}", 1, (f"writer {which}",)) for number in range(200)])

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(write, range(2))
    assert all({*pair} == {Outcome.WRITTEN, Outcome.CONFLICT} for pair in zip(first, second, strict=True))
    held = stores[0].get([f"r{number}" for number in range(200)])
    winners = [0 if outcome is Outcome.WRITTEN else 1 for outcome in first]
    assert [each and each.resume.text for each in held] == [f"writer {winner}" for winner in winners]


def test_a_change_that_lands_late_is_told(
    open_store: Callable[..., OpenSearchStore], client: OpenSearch, record: Make
) -> None:
    """Writer one has its number and is slow; meanwhile writer two writes, and a reader reads."""
    two, reader = open_store(), open_store(settle=30.0)
    number = two._writer.clock.next()
    two.put([record("two")])
    assert list(reader.changes()) == []  # number one might still be on its way
    assert reader.watermark() == 0

    def land(resume_id: str, change: int) -> None:
        document = to_document(record(resume_id)) | {"change": change}
        client.index(index=two.index, id=resume_id, body=document, version=1, version_type="external", refresh=True)

    land("one", number)
    land("old", number - 40_000_000_000)
    assert [change.resume_id for change in reader.changes()] == ["old"]
    assert reader.watermark() == number - 40_000_000_000
    assert [change.resume_id for change in two.changes()] == ["old", "one", "two"]


def test_changes_rise_although_another_clock_is_ahead(
    open_store: Callable[..., OpenSearchStore], client: OpenSearch, record: Make
) -> None:
    store = open_store()
    ahead = store._writer.clock.next() + 3_600_000_000_000
    client.index(
        index=store.index, id="r", body=to_document(record("r")) | {"change": ahead}, version=1, version_type="external"
    )
    assert store.put([record("r", 2, ("new",))]) == [Outcome.WRITTEN]
    assert [change.version for change in store.changes() if change.sequence > ahead] == [2]
    assert open_store().put([record("s")]) == [Outcome.WRITTEN]  # opened later, it begins above all that is there
    assert [change.resume_id for change in store.changes()] == ["r", "s"]


def test_opening(open_store: Callable[..., OpenSearchStore], client: OpenSearch, opensearch_index: str) -> None:
    with pytest.raises(IndexMissing, match=f"'{opensearch_index}'.*shortlist index"):
        open_store(create=False)
    with ThreadPoolExecutor(4) as pool:  # processes that start together
        assert [len(store) for store in pool.map(lambda _: open_store(), range(4))] == [0] * 4
    open_store(encoder=None, create=False)
    with pytest.raises(IndexMismatch, match=r"'made'.*'other'"):
        open_store(encoder="other")
    client.indices.put_mapping(index=opensearch_index, body={"_meta": {"shortlist": {"format": 99, "encoder": "made"}}})
    with pytest.raises(IndexMismatch, match=r"format 99.*format 1"):
        open_store()
    client.indices.create(index=f"{opensearch_index}-foreign")
    with pytest.raises(IndexMismatch, match="not made by Shortlist"):
        open_store(index=f"{opensearch_index}-foreign", create=False)


def test_no_room_left(open_store: Callable[..., OpenSearchStore], client: OpenSearch, record: Make) -> None:
    """Above the flood-stage watermark the server itself sets this block."""
    store = open_store(patience=0.5)
    store.put([record("a")])
    client.indices.put_settings(index=store.index, body={"index.blocks.read_only_allow_delete": True})
    with pytest.raises(StoreUnavailable, match=r"429.*read-only") as failure:
        store.put([record("a", 2, ("new",)), record("b")])
    assert "\n" not in str(failure.value)
    assert [known and known.version for known in store.known(["a", "b"])] == [1, None]
    client.indices.put_settings(index=store.index, body={"index.blocks.read_only_allow_delete": None})
    assert store.put([record("a", 2, ("new",)), record("b")]) == [Outcome.WRITTEN] * 2


def test_an_index_that_goes_away(open_store: Callable[..., OpenSearchStore], client: OpenSearch, record: Make) -> None:
    store = open_store(patience=0.5)
    client.indices.delete(index=f"{store.index}-000001")
    for action in (lambda: store.put([record("a")]), lambda: store.get(["a"]), lambda: len(store)):
        with pytest.raises((IndexMissing, StoreUnavailable), match=store.index):
            action()
    assert not client.indices.exists(index=f"{store.index}*", params={"allow_no_indices": "false"})  # not made anew


def test_another_stores_words(open_store: Callable[..., OpenSearchStore], tmp_path: object) -> None:
    embedded = LmdbStore(tmp_path)  # type: ignore[arg-type]
    with pytest.raises(IndexMismatch, match="own store"):
        OpenSearchLexical(open_store()).catch_up(embedded)
    embedded.close()


def test_a_window_wider_than_the_servers(open_store: Callable[..., OpenSearchStore], record: Make) -> None:
    store = open_store()
    store.put([record(f"r{number:05}", lines=("java",) if number % 2 else ("java java",)) for number in range(11_000)])
    hits = OpenSearchLexical(store).search([LexicalQuery("java")], language="en", depth=10_500)
    assert len({hit.resume_id for hit in hits}) == 10_500
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.resume_id))
    assert Counter(hit.score for hit in hits).most_common() == [(hits[0].score, 5_500), (hits[-1].score, 5_000)]
