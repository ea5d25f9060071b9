"""A small encoder, and stage one over the real embedded stores."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.centring import LanguageMeans
from indexer.encoders import Role
from indexer.indexing import encode_resumes
from indexer.resumes import Resume
from indexer.stores.faiss import FaissIndex
from indexer.stores.lmdb import LmdbStore
from indexer.stores.tantivy import TantivyIndex
from indexer.vectors import FloatMatrix
from retriever.briefs import BriefEncoder
from retriever.first_stage import FirstStage


class WordEncoder:
    """An encoder without a language model: each word has a random direction, a text the sum of its words'.

    `calls` are the texts of each call.
    """

    name = fingerprint = "words"
    dim = 64

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        self.calls.append(tuple(texts))
        rows = [sum(map(self._direction, [role, *text.split()])) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, self.dim)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _direction(self, word: str) -> FloatMatrix:
        return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dim).astype(np.float32)


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="module")
def open_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Sequence[Resume]], FirstStage]]:
    """Index some resumes into fresh stores and open stage one over them; what was opened before is opened again."""
    stages: dict[tuple[str, ...], FirstStage] = {}

    def open_over(resumes: Sequence[Resume]) -> FirstStage:
        key = tuple(resume.resume_id for resume in resumes)
        if key not in stages:
            stages[key] = _open(tmp_path_factory.mktemp("stage"), resumes, WordEncoder())
        return stages[key]

    yield open_over
    for stage in stages.values():
        stage.store.close()


def _open(folder: Path, resumes: Sequence[Resume], encoder: WordEncoder) -> FirstStage:
    store = LmdbStore(folder / "store")
    store.put(encode_resumes(resumes, encoder))
    lexical = TantivyIndex(folder / "lexical")
    lexical.catch_up(store)
    if resumes:
        FaissIndex.build(store, folder / "dense", fingerprint="words", means=LanguageMeans.zero(encoder.dim))
    return FirstStage(store, lexical, FaissIndex(folder / "dense", store), BriefEncoder(encoder))
