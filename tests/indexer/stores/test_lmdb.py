import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import BadRecord, IndexBusy, IndexMissing, StoreUnavailable
from indexer.filters import Filter
from indexer.stores import Change, Known, Outcome, StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.vectors import SegmentVectors

Make = Callable[..., StoredResume]


def test_empty(store: LmdbStore) -> None:
    assert (len(store), store.watermark(), list(store.changes()), store.languages()) == (0, 0, [], {})
    assert store.get(["a"]) == store.vectors(["a"]) == store.known(["a"]) == [None]
    assert store.select(()) == frozenset() == store.select([Filter.parse("a!=1")])
    assert store.put([]) == []


def test_round_trip_in_the_order_asked_for(store: LmdbStore, record: Make) -> None:
    records = [record(f"r{number}", seed=number, meta={"n": number, "tags": ("a", "b")}) for number in range(20)]
    assert store.put(records) == [Outcome.WRITTEN] * 20
    asked = ["r7", "nobody", "r0", "r19", "r7"]
    held = store.get(asked)
    vectors = store.vectors(asked)
    assert held[1] is vectors[1] is None
    for position, number in ((0, 7), (2, 0), (3, 19), (4, 7)):
        got, codes = held[position], vectors[position]
        assert got is not None
        assert codes is not None
        assert (got.resume, got.digest) == (records[number].resume, records[number].digest)
        np.testing.assert_array_equal(got.vectors.codes, records[number].vectors.codes)
        np.testing.assert_array_equal(codes.scales, records[number].vectors.scales)


def test_versions(store: LmdbStore, record: Make) -> None:
    assert store.put([record("r", 5, ("five",))]) == [Outcome.WRITTEN]
    assert store.put([record("r", 4, ("four",))]) == [Outcome.STALE]
    assert store.put([record("r", 5, ("five",))]) == [Outcome.UNCHANGED]
    assert store.put([record("r", 5, ("other",))]) == [Outcome.CONFLICT]
    assert store.put([record("r", 6, ("five",))]) == [Outcome.UNCHANGED]
    known = store.known(["r"])[0]
    assert known is not None
    assert known.version == 6  # raised, with the content left alone
    held = store.get(["r"])[0]
    assert held is not None
    assert (held.resume.version, held.resume.text, store.watermark()) == (6, "five", 1)
    assert store.put([record("r", 5, ("between",))]) == [Outcome.STALE]
    assert store.put([record("r", 7, ("seven",))]) == [Outcome.WRITTEN]
    assert list(store.changes()) == [Change(2, "r", 7, False)]


def test_tombstones(store: LmdbStore, record: Make) -> None:
    store.put([record("r", 2), record("s", 2)])
    assert store.delete("r", 1) is Outcome.STALE
    assert store.delete("r", 3) is Outcome.WRITTEN
    assert store.delete("r", 3) is Outcome.UNCHANGED
    assert store.put([record("r", 3)]) == [Outcome.STALE]
    assert store.known(["r"]) == [Known(3, "", True)]
    assert (store.get(["r"]), store.vectors(["r"]), len(store), store.select(())) == ([None], [None], 1, {"s"})
    assert list(store.changes(1)) == [Change(2, "s", 2, False), Change(3, "r", 3, True)]
    assert store.put([record("r", 4)]) == [Outcome.WRITTEN]
    assert store.delete("late", 9) is Outcome.WRITTEN  # the delete overtook the record
    assert store.put([record("late", 8)]) == [Outcome.STALE]


def test_changes_over_many_pages(store: LmdbStore, record: Make) -> None:
    store.put([record(f"r{number}") for number in range(2_500)])
    changes = list(store.changes(after=100))
    assert [change.sequence for change in changes] == list(range(101, 2_501))
    iterator = store.changes()
    next(iterator)
    store.put([record("new")])  # a reader in the middle neither blocks a writer nor misses what comes
    assert [change.resume_id for change in iterator][-1] == "new"


def test_bad_records_leave_nothing(store: LmdbStore, record: Make) -> None:
    for bad in (record("x" * 512), record(""), record("v", 2**63), record("v", -1), record("s", lines=("\udc00",))):
        with pytest.raises(BadRecord):
            store.put([record("good"), bad])
    with pytest.raises(ValueError, match="2 segments"):
        store.put([StoredResume(record("r").resume, SegmentVectors.quantise(np.ones((3, 4), np.float32)), "d")])
    assert len(store) == 0


def test_odd_content(store: LmdbStore, record: Make) -> None:
    odd = record(
        "id with \0 and \u202e", lines=("nul \0", "bidi \u202e", "🧑‍🚀"), meta={"k" * 600: "v", "f": "w" * 9_000}
    )
    huge = record("huge", lines=tuple(f"line {number}" for number in range(10_000)), meta={"n": 10**400})
    empty = record("empty", lines=())
    assert store.put([odd, huge, empty]) == [Outcome.WRITTEN] * 3
    held = store.get([odd.resume.resume_id, "huge", "empty"])
    assert [each and each.resume for each in held] == [odd.resume, huge.resume, empty.resume]
    assert store.select([Filter("f", "=", ("w" * 9_000,))]) == {odd.resume.resume_id}
    assert store.select([Filter("k" * 600, "=", ("v",))]) == {odd.resume.resume_id}


def test_the_map_grows(tmp_path: Path, record: Make) -> None:
    store = LmdbStore(tmp_path, map_size=2**17)
    for start in range(0, 400, 50):
        store.put([record(f"r{number}", lines=tuple(map(str, range(60)))) for number in range(start, start + 50)])
    assert len(store) == 400
    assert all(store.get([f"r{number}" for number in range(400)]))
    store.close()
    reopened = LmdbStore(tmp_path, readonly=True, map_size=2**17)
    assert len(reopened) == 400
    reopened.close()


def test_threads_read_while_one_writes_and_the_map_grows(tmp_path: Path, record: Make) -> None:
    store = LmdbStore(tmp_path, map_size=2**17)
    store.put([record("r0")])
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(lambda: [store.get(["r0"]) for _ in range(200)]) for _ in range(3)]
        for number in range(1, 100):
            store.put([record(f"r{number}", lines=("x" * 999,) * 20)])
        assert all(held is not None for read in reads for (held,) in read.result())
    assert len(store) == 100
    store.close()


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(Path(__file__).with_name("conftest.py")), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PREAMBLE = """
import importlib.util, sys
from pathlib import Path
from indexer.stores.lmdb import LmdbStore
spec = importlib.util.spec_from_file_location("made", sys.argv[1])
made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)
record = made.build_record
"""


def test_another_process_writes_and_grows_the_map(tmp_path: Path, record: Make) -> None:
    store = LmdbStore(tmp_path, map_size=2**17)
    store.put([record("mine")])
    code = PREAMBLE + "LmdbStore(Path(sys.argv[2])).put([record(f'r{n}', lines=('x' * n,)) for n in range(900)])"
    run_python(code, str(tmp_path))
    assert len(store) == 901
    assert store.put([record("after")]) == [Outcome.WRITTEN]
    store.close()


def test_no_room_on_the_device(tmp_path: Path, record: Make) -> None:
    """RLIMIT_FSIZE makes writes past a size fail, as a full device does."""
    code = PREAMBLE + textwrap.dedent("""
        import resource
        from indexer.errors import StoreUnavailable
        store = LmdbStore(Path(sys.argv[2]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        batch = 0
        try:
            while batch < 100:
                store.put([record(f"{batch}-{n}", seed=n, lines=tuple(map(str, range(200)))) for n in range(20)])
                batch += 1
        except StoreUnavailable as error:
            assert len(store) == 20 * batch  # the failed batch is gone, the process reads on
            print(batch, error)
        """)
    batch, _, message = run_python(code, str(tmp_path)).strip().partition(" ")
    assert int(batch) > 2
    assert "\n" not in message
    assert str(tmp_path) in message
    assert "free space" in message
    store = LmdbStore(tmp_path)
    assert len(store) == 20 * int(batch)
    assert all(store.get(sorted(store.select(()))))
    again = [record(f"{batch}-{n}", seed=n, lines=tuple(map(str, range(200)))) for n in range(20)]
    assert store.put(again) == [Outcome.WRITTEN] * 20
    store.close()


def test_opening(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="shortlist index"):
        LmdbStore(tmp_path / "none", readonly=True)
    store = LmdbStore(tmp_path / "one")
    with pytest.raises(IndexBusy, match="open in this process"):
        LmdbStore(tmp_path / "one", readonly=True)
    store.close()
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "data.mdb").write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreUnavailable, match="two"):
        LmdbStore(tmp_path / "two")


def test_readonly_refuses_to_write(tmp_path: Path, record: Make) -> None:
    LmdbStore(tmp_path).close()
    store = LmdbStore(tmp_path, readonly=True)
    with pytest.raises(StoreUnavailable):
        store.put([record("r")])
    store.close()
