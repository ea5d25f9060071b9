import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.centring import LanguageMeans, MeanAccumulator
from indexer.errors import IndexMismatch, IndexMissing, StoreUnavailable
from indexer.stores import Hit, StoredResume
from indexer.stores import generation as generations
from indexer.stores import part as parts
from indexer.stores.faiss import FaissIndex
from indexer.stores.lmdb import LmdbStore
from indexer.vectors import FloatMatrix

Make = Callable[..., StoredResume]
DIM = 16


def build(store: LmdbStore, directory: Path, **options: bool) -> None:
    FaissIndex.build(store, directory, fingerprint="made", means=LanguageMeans.zero(DIM), **options)


def unit(seed: int, rows: int) -> FloatMatrix:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIM)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def centred(store: LmdbStore, means: LanguageMeans) -> dict[str, FloatMatrix]:
    ids = sorted(store.select(()))
    return {
        resume_id: means.centre(held.vectors.dense(), held.resume.language, "passage")
        for resume_id, held in zip(ids, store.get(ids), strict=True)
        if held is not None and len(held.vectors)
    }


def brute_resumes(held: dict[str, FloatMatrix], query: FloatMatrix) -> dict[str, float]:
    documents = {resume_id: rows.mean(axis=0) for resume_id, rows in held.items()}
    # A single segment is its own language's mean: nothing is left of it when centred, and its cosine counts as 0.
    return {resume_id: float(row @ query / (np.linalg.norm(row) or 1.0)) for resume_id, row in documents.items()}


def brute_segments(held: dict[str, FloatMatrix], queries: FloatMatrix, weights: list[float]) -> dict[str, float]:
    return {resume_id: float((rows @ queries.T).max(axis=0) @ np.array(weights)) for resume_id, rows in held.items()}


def check(hits: list[Hit], expected: dict[str, float], depth: int, tolerance: float = 0.02) -> None:
    """The right number, the right scores, and nobody left out who is clearly better than the last."""
    assert len({hit.resume_id for hit in hits}) == len(hits) == min(depth, len(expected))
    assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.resume_id))
    for hit in hits:
        assert hit.score == pytest.approx(expected[hit.resume_id], abs=tolerance)
    if hits:
        found = {hit.resume_id for hit in hits}
        assert all(score < hits[-1].score + tolerance for key, score in expected.items() if key not in found)


def changed_store(store: LmdbStore, record: Make, directory: Path, *, segments: bool = True) -> None:
    """60 resumes in a generation; since then 10 changed, 10 deleted, 10 new, one deleted and back."""
    languages = ["en", "de", "fr"]
    everyone = [
        record(f"r{n:03}", 1, tuple(f"line {i}" for i in range(1 + n % 7)), seed=n, language=languages[n % 3])
        for n in range(60)
    ]
    store.put(everyone)
    build(store, directory, segments=segments)
    store.put([record(f"r{n:03}", 2, ("a", "b", "c"), seed=1_000 + n, language="en") for n in range(10)])
    for n in range(10, 21):
        store.delete(f"r{n:03}", 2)
    store.put([record(f"new{n}", 1, ("a", "b"), seed=2_000 + n, language="de") for n in range(10)])
    store.put([record("r020", 3, ("back",), seed=3_000), record("empty", lines=())])


@pytest.mark.parametrize("built", [True, False])
def test_against_brute_force(store: LmdbStore, record: Make, tmp_path: Path, built: bool) -> None:
    changed_store(store, record, tmp_path / "dense")
    if not built:
        shutil.rmtree(tmp_path / "dense")
    index = FaissIndex(tmp_path / "dense", store)
    held = centred(store, index.means)
    assert len(held) == 60
    assert index.tail == (21 if built else 60)
    for seed in range(5):
        query = unit(seed, 1)[0]
        for depth in (1, 7, 60, 500):
            check(index.search_resumes(query, depth=depth), brute_resumes(held, query), depth)
    queries, weights = unit(99, 4), [1.0, 0.5, 2.0, 0.1]
    check(index.search_segments(queries, weights, depth=500), brute_segments(held, queries, weights), 500, 0.04)


def test_filters_apply_inside_the_search(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    changed_store(store, record, tmp_path / "dense")
    index = FaissIndex(tmp_path / "dense", store)
    held = centred(store, index.means)
    query, queries = unit(1, 1)[0], unit(2, 3)
    for names in (["r000", "r030", "new3"], ["r011", "nobody"], [], sorted(held)[::2]):
        allowed = frozenset(names)
        passing = {resume_id: rows for resume_id, rows in held.items() if resume_id in allowed}
        check(index.search_resumes(query, depth=20, allowed=allowed), brute_resumes(passing, query), 20)
        expected = brute_segments(passing, queries, [1, 1, 1])
        check(index.search_segments(queries, [1, 1, 1], depth=90, allowed=allowed), expected, 90, 0.05)
    everyone = frozenset(f"x{n}" for n in range(500)) | frozenset(held)
    assert index.search_resumes(query, depth=9, allowed=everyone) == index.search_resumes(query, depth=9)


def test_segment_search_gives_enough_resumes(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    """One resume owns the 300 nearest segments; the others must come all the same."""
    store.put([record("flood", lines=("x",) * 300, seed=5)])
    store.put([record(f"r{n}", lines=("y",), seed=n) for n in range(40)])
    build(store, tmp_path / "dense")
    index = FaissIndex(tmp_path / "dense", store)
    queries = centred(store, index.means)["flood"][:2]
    hits = index.search_segments(queries, [1.0, 1.0], depth=10)
    assert hits[0].resume_id == "flood"
    assert len(hits) == 10


def test_missing_segments_count_the_lowest_value_found(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record(f"r{n}", lines=("y", "z"), seed=n) for n in range(200)])
    build(store, tmp_path / "dense")
    index = FaissIndex(tmp_path / "dense", store)
    queries = unit(7, 2)
    exact = brute_segments(centred(store, index.means), queries, [1.0, 1.0])
    for hit in index.search_segments(queries, [1.0, 1.0], depth=5):
        assert hit.score >= exact[hit.resume_id] - 0.03  # never below the truth


def test_ties_go_by_id(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record(f"r{n:02}", seed=1) for n in range(59, -1, -1)] + [record("other", seed=2)])
    for built in (False, True):
        if built:
            build(store, tmp_path / "dense")
        index = FaissIndex(tmp_path / "dense", store)
        query = unit(3, 1)[0]
        query = query if index.search_resumes(query, depth=1)[0].resume_id != "other" else -query
        assert [hit.resume_id for hit in index.search_resumes(query, depth=4)] == [f"r{n:02}" for n in range(4)]


def test_refresh(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    index = FaissIndex(tmp_path / "dense", store)
    query = unit(3, 1)[0]
    assert index.search_resumes(query, depth=5) == index.search_segments(query[None], [1], depth=5) == []
    assert index.manifest is None
    for n in range(30):
        store.put([record(f"r{n}", seed=n)])
        index.refresh()
        assert len(index.search_resumes(query, depth=99)) == n + 1
    assert len(index._state.parts) <= 6  # merged as they come, not one part a change
    build(store, tmp_path / "dense")
    index.refresh()
    assert (index.tail, len(index.search_resumes(query, depth=99))) == (0, 30)
    store.delete("r3", 2)
    store.put([record("r4", 2, seed=99)])
    index.refresh()
    assert dict(index.sequences()) == {
        change.resume_id: change.sequence for change in store.changes() if not change.deleted
    }
    assert index.tail == 1


def test_threads_search_while_one_refreshes(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record("first", seed=1)])
    index = FaissIndex(tmp_path / "dense", store)
    query = unit(3, 1)
    with ThreadPoolExecutor(3) as pool:
        counts = [pool.submit(lambda: [len(index.search_resumes(query[0], depth=99)) for _ in range(300)])]
        counts += [pool.submit(lambda: [len(index.search_segments(query, [1.0], depth=99)) for _ in range(300)])]
        for n in range(40):
            store.put([record(f"r{n}", seed=n)])
            index.refresh()
            if n == 20:
                build(store, tmp_path / "dense")
        for count in counts:
            assert count.result() == sorted(count.result())  # each search sees one state, never half of the next
    assert len(index.search_resumes(query[0], depth=99)) == 41


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_history(tmp_path_factory: pytest.TempPathFactory, record: Make, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("history")
    store = LmdbStore(path / "store")
    index = FaissIndex(path / "dense", store)
    steps = st.tuples(st.sampled_from(["put", "put", "put", "delete", "build", "refresh"]), st.integers(0, 7))
    for version, (action, n) in enumerate(data.draw(st.lists(steps, min_size=3, max_size=25))):
        if action == "put":
            store.put([record(f"r{n}", version, ("x",) * (1 + n % 3), seed=version)])
        elif action == "delete":
            store.delete(f"r{n}", version)
        elif action == "build":
            build(store, path / "dense")
        else:
            index.refresh()
    index.refresh()
    held = centred(store, index.means)
    query = unit(1, 1)[0]
    check(index.search_resumes(query, depth=5), brute_resumes(held, query), 5, 0.03)
    assert {key for key, _ in index.sequences()} == set(held)
    store.close()


def test_without_segments(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    changed_store(store, record, tmp_path / "dense", segments=False)
    index = FaissIndex(tmp_path / "dense", store)
    query = unit(1, 1)[0]
    assert len(index.search_resumes(query, depth=100)) == 60
    with pytest.raises(IndexMissing, match="without segments"):
        index.search_segments(query[None], [1.0], depth=5)


def test_a_graph_beyond_the_exact_limit(
    store: LmdbStore, record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "EXACT_UP_TO", 100)
    store.put([record(f"r{n:04}", lines=("x",), seed=n) for n in range(1_500)])
    build(store, tmp_path / "dense")
    store.delete("r0007", 2)
    index = FaissIndex(tmp_path / "dense", store)
    assert type(index._state.parts[0].documents).__name__ == "IndexHNSWSQ"
    held = centred(store, index.means)
    query = unit(4, 1)[0]
    exact = sorted(brute_resumes(held, query).items(), key=lambda item: -item[1])
    found = {hit.resume_id for hit in index.search_resumes(query, depth=20)}
    assert len(found & {resume_id for resume_id, _ in exact[:20]}) >= 18
    worst = frozenset(resume_id for resume_id, _ in exact[-30:])  # a filter that passes only the farthest
    assert {hit.resume_id for hit in index.search_resumes(query, depth=30, allowed=worst)} == worst
    assert len(index.search_resumes(query, depth=5_000)) == 1_499


def test_generations_replace_each_other(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    directory = tmp_path / "dense"
    for n in range(4):
        store.put([record(f"r{n}", seed=n)])
        (directory / "building-dead").mkdir(parents=True)
        build(store, directory)
    assert sorted(path.name for path in directory.iterdir()) == ["CURRENT", "generation-000003", "generation-000004"]
    manifest = FaissIndex(directory, store).manifest
    assert manifest is not None
    assert (manifest.encoder, manifest.dim, manifest.watermark, manifest.resumes, manifest.segments) == (
        "made",
        DIM,
        4,
        4,
        8,
    )


def test_a_reader_outlives_the_folder_of_its_generation(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    directory = tmp_path / "dense"
    store.put([record("a", seed=1)])
    build(store, directory)
    reader = FaissIndex(directory, store)
    held = reader.manifest
    for _ in range(2):
        build(store, directory)
    assert not (directory / "generation-000001").exists()
    assert held is not None
    assert (reader.generation, reader.manifest) == ("generation-000001", held)
    assert [hit.resume_id for hit in reader.search_resumes(unit(1, 1)[0], depth=5)] == ["a"]
    reader.refresh()
    assert reader.generation == "generation-000003"


@pytest.mark.parametrize("step", ["fill", "rename", "CURRENT"])
def test_a_failure_in_a_build_leaves_the_old_generation(
    store: LmdbStore, record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    directory = tmp_path / "dense"
    store.put([record("a", seed=1)])
    build(store, directory)
    store.put([record("b", seed=2)])

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        if step == "fill":
            broken.setattr("indexer.stores.generation_build.np.save", fail)
        elif step == "rename":
            broken.setattr(Path, "rename", fail)
        else:
            broken.setattr(generations, "write_atomically", fail)
        with pytest.raises(StoreUnavailable, match=r"No space left.*free space"):
            build(store, directory)
    assert (directory / "CURRENT").read_text() == "generation-000001"
    index = FaissIndex(directory, store)
    assert (index.tail, len(index.search_resumes(unit(1, 1)[0], depth=9))) == (1, 2)
    build(store, directory)
    assert FaissIndex(directory, store).tail == 0


def test_damage_is_refused(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    directory = tmp_path / "dense"
    store.put([record(f"r{n}", seed=n) for n in range(5)])
    build(store, directory)
    generation = directory / "generation-000001"
    assert generations.damage(generation) == []
    for name in ("documents.faiss", "segments.faiss", "owners.npy", "resumes.json"):
        whole = (generation / name).read_bytes()
        (generation / name).write_bytes(whole[:-1])
        with pytest.raises(StoreUnavailable, match=f"{name} has {len(whole) - 1} bytes.*shortlist rebuild"):
            FaissIndex(directory, store)
        (generation / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert [name in line and "checksum" in line for line in generations.damage(generation)] == [True]
        (generation / name).unlink()
        with pytest.raises(StoreUnavailable, match=name):
            FaissIndex(directory, store)
        (generation / name).write_bytes(whole)
    manifest = json.loads((generation / "manifest.json").read_text())
    (generation / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(IndexMismatch, match="format 99"):
        FaissIndex(directory, store)
    (generation / "manifest.json").write_text("{")
    with pytest.raises(StoreUnavailable, match="damaged"):
        FaissIndex(directory, store)
    shutil.rmtree(generation)
    with pytest.raises(StoreUnavailable, match="shortlist rebuild"):
        FaissIndex(directory, store)


def test_vectors_of_another_encoder(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record("a")])
    with pytest.raises(IndexMismatch, match="16 dimensions"):
        FaissIndex.build(store, tmp_path / "dense", fingerprint="other", means=LanguageMeans.zero(32))


def test_an_empty_store(store: LmdbStore, tmp_path: Path) -> None:
    build(store, tmp_path / "dense")
    index = FaissIndex(tmp_path / "dense", store)
    assert index.search_resumes(unit(1, 1)[0], depth=5) == []
    assert index.search_segments(unit(1, 2), [1, 1], depth=5) == []
    assert index.means.centre(unit(1, 2), "en", "query").shape == (2, DIM)


def test_means_come_from_the_corpus(store: LmdbStore, record: Make, tmp_path: Path) -> None:
    store.put([record(f"r{n}", lines=("x",) * 5, seed=n, language="en" if n % 2 else "de") for n in range(20)])
    build(store, tmp_path / "dense")
    means = FaissIndex(tmp_path / "dense", store).means
    accumulator = MeanAccumulator(DIM)
    for held in store.get(sorted(store.select(()))):
        assert held is not None
        accumulator.add(held.vectors.dense(), held.resume.language)
    expected = accumulator.means(LanguageMeans.zero(DIM))
    assert means.passages.keys() == {"en", "de"}
    for language, mean in expected.passages.items():
        np.testing.assert_allclose(means.passages[language], mean, atol=1e-6)
