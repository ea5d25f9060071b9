"""Raw resumes into a store: check, structure, encode, write, in batches that may be repeated without harm."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice

import numpy as np

from indexer.encoders import Encoder
from indexer.errors import BadInput
from indexer.limits import Limits
from indexer.reading import Rejected
from indexer.resumes import RawResume, Resume
from indexer.stores import Outcome, ResumeStore, StoredResume
from indexer.stores.records import check_id
from indexer.structure import structure_resume
from indexer.vectors import SegmentVectors

BATCH = 64  # resumes a write: about 2,000 segments, enough to sort by length for the encoder


@dataclass(slots=True)
class Counts:
    """What became of the resumes that were read. `segments` counts the encoded ones."""

    written: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: int = 0
    segments: int = 0

    def to_dict(self) -> dict[str, int]:
        """For a last line of counts."""
        return asdict(self)


def index_resumes(
    items: Iterable[RawResume | Rejected],
    *,
    store: ResumeStore,
    encoder: Encoder,
    limits: Limits | None = None,
    on_reject: Callable[[Rejected], None] = lambda _: None,
    on_batch: Callable[[Counts], None] = lambda _: None,
) -> Counts:
    """Write every usable resume into `store`; hand each unusable one to `on_reject` and go on.

    Safe to interrupt and to repeat: a batch is durable when it is counted, equal content is not encoded again,
    and an older version never replaces a newer one. Raises StoreUnavailable when the store can't take a batch.
    """
    counts = Counts()

    def reject(item: Rejected) -> None:
        counts.rejected += 1
        on_reject(item)

    for batch in _batches(items, reject):
        new, repeated = _sorted_out(batch, store, counts)
        records = encode_resumes(_structured(new, limits or Limits(), reject), encoder)
        counts.segments += sum(len(record.vectors) for record in records)
        records += _reused(repeated, store)
        for record, outcome in zip(records, store.put(records), strict=True):
            match outcome:
                case Outcome.WRITTEN:
                    counts.written += 1
                case Outcome.UNCHANGED:
                    counts.unchanged += 1
                case Outcome.STALE:
                    counts.stale += 1
                case Outcome.CONFLICT:
                    reject(_conflict(record.resume))
        on_batch(counts)
    return counts


def encode_resumes(resumes: Iterable[Resume], encoder: Encoder) -> list[StoredResume]:
    """Encode the segments of all `resumes` together and pair each resume with its quantised vectors."""
    resumes = list(resumes)
    if not resumes:
        return []
    vectors = encoder.encode([segment.text for resume in resumes for segment in resume.segments], "passage")
    ends = np.cumsum([len(resume.segments) for resume in resumes])
    return [
        StoredResume(resume, SegmentVectors.quantise(rows, resume.language), content_digest(resume))
        for resume, rows in zip(resumes, np.split(vectors, ends[:-1]), strict=True)
    ]


def content_digest(resume: RawResume | Resume) -> str:
    """Hex digest of what a search can see: text, meta and person."""
    content = json.dumps([resume.text, dict(resume.meta), resume.person_id], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _batches(items: Iterable[RawResume | Rejected], reject: Callable[[Rejected], None]) -> Iterator[list[RawResume]]:
    def usable() -> Iterator[RawResume]:
        for item in items:
            if isinstance(item, Rejected):
                reject(item)
            elif (fault := _fault(item)) is not None:
                reject(Rejected(item.origin, fault, item.resume_id))
            else:
                yield item if item.version_given or item.version else replace(item, version=_now())

    stream = usable()
    while batch := list(islice(stream, BATCH)):
        yield batch


def _fault(raw: RawResume) -> str | None:
    """Why no store could keep this record, or None."""
    try:
        check_id(raw.resume_id)
        raw.text.encode("utf-8")
    except BadInput as error:
        return str(error)
    except UnicodeEncodeError as error:
        return f"half a character (a lone surrogate) at position {error.start}; read the source in its true encoding"
    return None


def _sorted_out(batch: list[RawResume], store: ResumeStore, counts: Counts) -> tuple[list[RawResume], list[RawResume]]:
    """What has to be structured and encoded, and what is a newer version of content that the store has already."""
    new, repeated = [], []
    for raw, known in zip(batch, store.known([raw.resume_id for raw in batch]), strict=True):
        if known is None:
            new.append(raw)
        elif raw.version < known.version or (known.deleted and raw.version == known.version):
            counts.stale += 1
        elif known.deleted or known.digest != content_digest(raw):
            new.append(raw)
        elif raw.version == known.version:
            counts.unchanged += 1
        else:
            repeated.append(raw)
    return new, repeated


def _reused(repeated: list[RawResume], store: ResumeStore) -> list[StoredResume]:
    """The stored records under their newer versions, with the vectors they have."""
    held = store.get([raw.resume_id for raw in repeated])
    return [
        replace(record, resume=replace(record.resume, version=raw.version))
        for raw, record in zip(repeated, held, strict=True)
        if record is not None
    ]


def _structured(batch: Iterable[RawResume], limits: Limits, reject: Callable[[Rejected], None]) -> Iterator[Resume]:
    for raw in batch:
        try:
            yield structure_resume(raw, limits=limits)
        except BadInput as error:
            reject(Rejected(raw.origin, str(error), raw.resume_id))


def _conflict(resume: Resume) -> Rejected:
    reason = (
        f"version {resume.version} of {resume.resume_id!r} was indexed with other content; "
        "raise `version` when a resume changes, and use one id for one resume"
    )
    return Rejected(resume.origin, reason, resume.resume_id)


def _now() -> int:
    """Version of a resume that names none and comes from no file: milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
