"""Made-up resumes with random vectors: the stores need no encoder."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from indexer.resumes import MetaValue, Resume, Section, SectionKind, Segment
from indexer.stores import StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.vectors import SegmentVectors

DIM = 16


def build_record(
    resume_id: str,
    version: int = 1,
    lines: tuple[str, ...] = ("Java developer", "Kafka and Spark"),
    *,
    title: str = "",
    language: str = "en",
    meta: Mapping[str, MetaValue] | None = None,
    seed: int = 0,
    digest: str | None = None,
) -> StoredResume:
    """A resume with one section and one segment a line; `seed` decides its vectors."""
    text = "\n".join((title, *lines)) if title else "\n".join(lines)
    start, segments = len(title) + 1 if title else 0, []
    for line in lines:
        segments.append(Segment(line, start, start + len(line), SectionKind.EXPERIENCE))
        start += len(line) + 1
    sections = (Section(SectionKind.EXPERIENCE, 0, len(text), 0, len(title)),)
    resume = Resume(resume_id, text, version, language, sections, tuple(segments), meta=meta or {}, origin="made")
    floats = np.random.default_rng([seed, len(lines)]).normal(size=(len(lines), DIM)).astype(np.float32)
    floats /= np.linalg.norm(floats, axis=1, keepdims=True)
    return StoredResume(
        resume,
        SegmentVectors.quantise(floats, language),
        digest or f"{text}{language}{sorted((meta or {}).items())}{seed}",
    )


@pytest.fixture(scope="session")
def record() -> Callable[..., StoredResume]:
    return build_record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    store = LmdbStore(tmp_path / "store")
    yield store
    store.close()
