"""Building a generation: two passes over the store, one for the means and one for the vectors."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from indexer.centring import LanguageMeans, MeanAccumulator
from indexer.errors import IndexMismatch
from indexer.stores import ResumeStore
from indexer.stores.part import Part, trained_index
from indexer.threads import usable_cores
from indexer.vectors import FloatMatrix, mean_direction

_BATCH = 256  # resumes in memory at a time
_SAMPLE = 2_000  # resumes that the range of the 8-bit codes is fitted to, about 80,000 segments; the rest is cut to it


class Corpus:
    """The live resumes of a store as of one watermark; what changes meanwhile is left to the next build."""

    def __init__(self, store: ResumeStore, dim: int) -> None:
        self._store, self._dim = store, dim
        self.watermark = store.watermark()

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[tuple[str, int, str, FloatMatrix]]:
        """Id, sequence, language and raw vectors `[n, dim]`, n > 0, in the order of the change log."""
        live = (change for change in self._store.changes() if change.sequence <= self.watermark and not change.deleted)
        while batch := list(islice(live, _BATCH)):
            for change, held in zip(batch, self._store.vectors([each.resume_id for each in batch]), strict=True):
                if held is not None and len(held):
                    if held.codes.shape[1] != self._dim:
                        raise IndexMismatch(
                            f"resume {change.resume_id!r} has vectors of {held.codes.shape[1]} dimensions, the encoder "
                            f"makes {self._dim}; index it again with `shortlist index`"
                        )
                    yield change.resume_id, change.sequence, held.language, held.dense()


def write_generation(
    folder: Path, store: ResumeStore, *, fingerprint: str, prior: LanguageMeans, segments: bool
) -> dict[str, Any]:
    """Write a generation's files into `folder`; return the fields of its manifest. Memory: codes plus the sample."""
    faiss.omp_set_num_threads(usable_cores())  # a search in this thread will have set it to one
    dim = len(prior.overall)
    corpus = Corpus(store, dim)
    means, sample, rows, resumes = _survey(corpus, prior)
    centred = [means.centre(vectors, language, "passage") for vectors, language in sample]
    empty = np.zeros((0, dim), dtype=np.float32)
    documents = trained_index(np.concatenate([empty, *(mean_direction(vectors)[None] for vectors in centred)]), resumes)
    spans = trained_index(np.concatenate([empty, *centred]), rows) if segments else None
    del sample, centred

    ids: list[str] = []
    sequences: list[int] = []
    counts: list[int] = []
    for resume_id, sequence, language, vectors in corpus:
        unit = means.centre(vectors, language, "passage")
        documents.add(mean_direction(unit)[None])
        if spans is not None:
            spans.add(unit)
        ids.append(resume_id)
        sequences.append(sequence)
        counts.append(len(unit))

    faiss.write_index(documents, str(folder / "documents.faiss"))
    if spans is not None:
        faiss.write_index(spans, str(folder / "segments.faiss"))
        np.save(folder / "owners.npy", np.repeat(np.arange(len(ids), dtype=np.int32), counts))
    (folder / "resumes.json").write_text(json.dumps({"ids": ids, "sequences": sequences}), encoding="utf-8")
    return {
        "encoder": fingerprint,
        "dim": dim,
        "watermark": corpus.watermark,
        "resumes": len(ids),
        "segments": sum(counts) if segments else None,
        "means": means.to_dict(),
    }


def read_generation(folder: Path) -> Part:
    """The searchable part of a published generation. Raises OSError, ValueError or RuntimeError when damaged."""
    held = json.loads((folder / "resumes.json").read_text(encoding="utf-8"))
    documents = faiss.read_index(str(folder / "documents.faiss"))
    segments, owners = None, np.zeros(0, dtype=np.int32)
    if (folder / "segments.faiss").exists():
        segments = faiss.read_index(str(folder / "segments.faiss"))
        owners = np.load(folder / "owners.npy", allow_pickle=False)
    return Part.of(held["ids"], held["sequences"], documents, segments, owners)


def _survey(corpus: Corpus, prior: LanguageMeans) -> tuple[LanguageMeans, list[tuple[FloatMatrix, str]], int, int]:
    """Means, a sample of raw vectors with their language, number of segments and of resumes."""
    accumulator = MeanAccumulator(len(prior.overall))
    sample: list[tuple[FloatMatrix, str]] = []
    step = max(1, len(corpus) // _SAMPLE)
    rows = resumes = 0
    for _, _, language, vectors in corpus:
        accumulator.add(vectors, language)
        if resumes % step == 0:
            sample.append((vectors, language))
        rows, resumes = rows + len(vectors), resumes + 1
    return accumulator.means(prior), sample, rows, resumes
