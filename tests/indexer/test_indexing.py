"""From raw resumes into a store: what is written, what is left out, and what is encoded again."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders import Role
from indexer.indexing import BATCH, index_resumes
from indexer.limits import Limits
from indexer.reading import Rejected
from indexer.resumes import RawResume
from indexer.stores.lmdb import LmdbStore
from indexer.vectors import FloatMatrix


class HashEncoder:
    """Vectors from a hash of the text, and a record of what was asked for: the encoder itself is tested elsewhere."""

    name, dim, fingerprint = "hash", 8, "hash/1"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        assert role == "passage"
        self.encoded += texts
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) for text in texts]
        rows = [np.random.default_rng(seed).normal(size=self.dim) for seed in seeds]
        return np.array(rows, dtype=np.float32).reshape(-1, self.dim)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    held = LmdbStore(tmp_path / "store")
    yield held
    held.close()


def raw(resume_id: str, text: str = "Welder for nine years.", version: int = 1, **fields: object) -> RawResume:
    return RawResume(resume_id, text, f"file:{resume_id}", version, version_given=True, **fields)  # type: ignore[arg-type]


def run(store: LmdbStore, items: Iterable[RawResume | Rejected], encoder: HashEncoder | None = None, **options: object):
    rejected: list[Rejected] = []
    counts = index_resumes(
        items,
        store=store,
        encoder=encoder or HashEncoder(),
        on_reject=rejected.append,
        **options,  # type: ignore[arg-type]
    )
    return counts.to_dict(), rejected


def test_every_resume_is_written_with_a_vector_for_each_segment(store: LmdbStore) -> None:
    texts = {f"r{n}": f"Welder number {n}.\nSkills: TIG, MIG" for n in range(BATCH + 5)}
    counts, rejected = run(store, (raw(name, text) for name, text in texts.items()))
    assert counts["written"] == len(store) == BATCH + 5
    assert not rejected
    for held in store.get(list(texts)):
        assert held is not None
        assert held.resume.text == texts[held.resume.resume_id]
        assert len(held.vectors) == len(held.resume.segments) > 0
        assert held.vectors.language == held.resume.language


def test_vectors_belong_to_their_segments(store: LmdbStore) -> None:
    encoder = HashEncoder()
    run(store, [raw("a", "Cook.\nBakes bread."), raw("b", "Nurse on a night shift.")], encoder)
    for held in store.get(["a", "b"]):
        assert held is not None
        expected = encoder.encode([segment.text for segment in held.resume.segments], "passage")
        np.testing.assert_allclose(held.vectors.dense(), expected, atol=0.05)


def test_equal_content_is_not_encoded_again(store: LmdbStore) -> None:
    run(store, [raw("a"), raw("b", "Nurse.")])
    encoder = HashEncoder()
    counts, _ = run(store, [raw("a"), raw("b", "Nurse with ten years.", version=2)], encoder)
    assert (counts["unchanged"], counts["written"]) == (1, 1)
    assert encoder.encoded == ["Nurse with ten years."]


def test_newer_wins_in_any_order_and_older_is_stale(store: LmdbStore) -> None:
    counts, _ = run(store, [raw("a", "Version two.", 2), raw("a", "Version one.", 1), raw("a", "Version three.", 3)])
    assert counts["stale"] == 2
    counts, _ = run(store, [raw("a", "Version two.", 2)])
    assert counts["stale"] == 1
    held = store.get(["a"])[0]
    assert held is not None
    assert held.resume.text == "Version three."


def test_one_id_with_two_contents_of_one_version_is_rejected(store: LmdbStore) -> None:
    counts, rejected = run(store, [raw("a", "First."), raw("a", "Second.")])
    assert (counts["written"], counts["rejected"]) == (1, 1)
    assert "raise `version`" in rejected[0].reason
    assert rejected[0].origin == "file:a"


def test_meta_is_content(store: LmdbStore) -> None:
    run(store, [raw("a", meta={"country": "FR"})])
    counts, _ = run(store, [raw("a", version=2, meta={"country": "DE"})])
    assert counts["written"] == 1


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (raw("", "Cook."), "empty id"),
        (raw("x" * 600, "Cook."), "takes 600 bytes"),
        (raw("a", "Cook \ud800."), "lone surrogate"),
        (raw("a", " \n \t"), ""),
        (raw("a", "Cook. " * 100), "characters"),
        (Rejected("file.pdf", "needs OCR", "file"), "needs OCR"),
    ],
)
def test_one_unusable_item_never_stops_the_others(store: LmdbStore, item: RawResume | Rejected, words: str) -> None:
    counts, rejected = run(store, [raw("first"), item, raw("last")], limits=Limits(characters=500))
    assert (counts["written"], counts["rejected"]) == (2, 1)
    assert words in rejected[0].reason
    assert "\n" not in rejected[0].reason
    assert len(store) == 2


def test_a_source_without_versions_may_change(store: LmdbStore) -> None:
    for text in ("Cook.", "Cook and baker."):
        counts, _ = run(store, [RawResume("a", text, "stdin:1", version=0)])
        assert counts["written"] == 1
    encoder = HashEncoder()
    counts, _ = run(store, [RawResume("a", "Cook and baker.", "stdin:1", version=0)], encoder)
    assert (counts["written"], counts["unchanged"], encoder.encoded) == (0, 1, [])


def test_a_newer_version_of_equal_content_is_not_encoded_and_still_shuts_out_older_ones(store: LmdbStore) -> None:
    run(store, [raw("a", version=1)])
    encoder = HashEncoder()
    counts, _ = run(store, [raw("a", version=5)], encoder)
    assert (counts["unchanged"], encoder.encoded) == (1, [])
    counts, _ = run(store, [raw("a", "An older text that comes late.", version=3)])
    assert counts["stale"] == 1


def test_an_interrupted_run_keeps_whole_batches_and_may_be_repeated(store: LmdbStore) -> None:
    items = [raw(f"r{n}", f"Welder number {n}.") for n in range(3 * BATCH)]

    def interrupted() -> Iterator[RawResume]:
        yield from items[: 2 * BATCH + 3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, interrupted())
    assert len(store) == 2 * BATCH
    counts, _ = run(store, items)
    assert (counts["written"], counts["unchanged"]) == (BATCH, 2 * BATCH)
