"""The judged briefs and resumes of ../shared/data, read through the product, with their vectors cached on disk."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lmdb
import numpy as np

from indexer.briefs import Brief, RawBrief
from indexer.encoders import Encoder, Role
from indexer.resumes import RawResume, Resume
from indexer.structure import structure_brief, structure_resume
from indexer.vectors import FloatMatrix

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path("~/.cache/shortlist").expanduser()


@dataclass(frozen=True, slots=True)
class Judged:
    """`fits[brief_id][resume_id]` in six levels from 0 to 1; briefs as plain text; resumes whole."""

    briefs: dict[str, Brief]
    resumes: dict[str, Resume]
    fits: dict[str, dict[str, float]]

    def first(self, count: int) -> "Judged":
        """The first `count` briefs and what was judged for them."""
        fits = dict(list(self.fits.items())[:count])
        wanted = {resume_id for judged in fits.values() for resume_id in judged}
        return Judged(
            {brief_id: self.briefs[brief_id] for brief_id in fits},
            {resume_id: resume for resume_id, resume in self.resumes.items() if resume_id in wanted},
            fits,
        )


def load(folder: Path = SHARED) -> Judged | None:
    """Read the judgments, or return None where they are not at hand."""
    if not (folder / "judgments" / "briefs.jsonl").is_file():
        return None
    fits: dict[str, dict[str, float]] = {}
    for record in _lines(folder / "judgments" / "judgments.jsonl"):
        fits.setdefault(record["brief_id"], {})[record["resume_id"]] = record["fit"]
    wanted = {resume_id for judged in fits.values() for resume_id in judged}
    resumes = {raw.resume_id: structure_resume(raw) for raw in all_resumes(folder) if raw.resume_id in wanted}
    briefs = {
        record["brief_id"]: structure_brief(
            RawBrief(record["brief_id"], record["text"], origin="judgments", title=record["title"])
        )
        for record in _lines(folder / "judgments" / "briefs.jsonl")
    }
    return Judged(briefs, resumes, fits)


def all_resumes(folder: Path = SHARED) -> Iterator[RawResume]:
    """The multilingual resumes of people who don't exist, then the 2,483 real English ones."""
    for record in _lines(folder / "judgments" / "resumes-multilingual.jsonl"):
        yield RawResume(record["resume_id"], record["text"], "resumes-multilingual", version=1)
    for record in _lines(folder / "resumes-en" / "resumes.jsonl.gz"):
        yield RawResume(record["id"], record["text"], "resumes-en", version=1)


class CachingEncoder:
    """An encoder that keeps every vector it ever made, by text, in a folder outside the repository."""

    def __init__(self, encoder: Encoder, cache: Path = CACHE) -> None:
        self._encoder = encoder
        self.name, self.dim, self.fingerprint = encoder.name, encoder.dim, encoder.fingerprint
        folder = cache / "benchmark-vectors" / encoder.fingerprint.replace("/", "_")
        folder.mkdir(parents=True, exist_ok=True)
        self._vectors = lmdb.open(str(folder), map_size=2**34)

    def encode(self, texts: Sequence[str], role: Role) -> FloatMatrix:
        keys = [hashlib.sha256(f"{role}: {text}".encode()).digest() for text in texts]
        with self._vectors.begin() as txn:
            known = [txn.get(key) for key in keys]
        missing = [place for place, held in enumerate(known) if held is None]
        for start in range(0, len(missing), 2000):
            places = missing[start : start + 2000]
            fresh = self._encoder.encode([texts[place] for place in places], role)
            with self._vectors.begin(write=True) as txn:
                for place, row in zip(places, fresh, strict=True):
                    known[place] = row.astype("<f4").tobytes()
                    txn.put(keys[place], known[place])
            if len(missing) > 2000:
                print(f"encoded {start + len(places)} of {len(missing)} texts", flush=True)
        rows = [np.frombuffer(held, dtype="<f4") for held in known if held is not None]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)


def _lines(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def quotes(folder: Path, judged: Judged) -> Iterator[tuple[str, str, str, int]]:
    """Language, quoted requirement, resume id and digit (0 none, 1 partial, 2 met) of every judged requirement."""
    quoted = {
        record["brief_id"]: [entry["quote"] for entry in record["requirements"]]
        for record in _lines(folder / "judgments" / "briefs.jsonl")
    }
    for record in _lines(folder / "judgments" / "judgments.jsonl"):
        language = judged.briefs[record["brief_id"]].language
        for quote, digit in zip(quoted[record["brief_id"]], record["met"], strict=True):
            yield language, quote, record["resume_id"], int(digit)
