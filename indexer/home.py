"""An index as its folder: the store, the two indexes derived from it, and what holds them together.

index.json     format, the encoder that everything in here was encoded with, and where the resumes are kept
store/         LMDB; the truth (not here when OpenSearch keeps the resumes)
lexical/       tantivy; derived (likewise)
dense/         FAISS generations; derived
writer.lock    held by the one process that writes; writer.pid names it
"""

import json
import shutil
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, Self

from indexer.centring import LanguageMeans
from indexer.errors import IndexMismatch, IndexMissing, StoreUnavailable
from indexer.stores import LexicalIndex, ResumeStore
from indexer.stores.consistency import differences
from indexer.stores.faiss import FaissIndex
from indexer.stores.files import no_room, write_atomically
from indexer.stores.lmdb import LmdbStore
from indexer.stores.tantivy import TantivyIndex
from indexer.stores.writer_lock import WriterLock

FORMAT = 1
# A generation is built when more than this share of the resumes changed since the last. Until then they are searched
# exactly from memory, but centred by that generation's means, so a small first run must not decide them for long.
TAIL_SHARE = 0.1

Place = Literal["here", "opensearch"]


@dataclass(frozen=True, slots=True)
class _Label:
    """The content of index.json."""

    format: int
    encoder: str
    fingerprint: str
    resumes: Place = "here"


@dataclass(frozen=True, slots=True)
class Cluster:
    """An OpenSearch that keeps the resumes and their words: its URL, and the alias of the index there."""

    url: str
    index: str


class Home:
    """An open index. One writer at a time; readers never wait for it."""

    def __init__(
        self, path: Path, label: _Label, lock: WriterLock | None, *, cluster: Cluster | None, segments: bool
    ) -> None:
        """Use `Home.open`."""
        self.path = path
        self.encoder_name, self.encoder_fingerprint = label.encoder, label.fingerprint
        self._lock, self._segments = lock, segments
        self._prior = partial(LanguageMeans.shipped, label.fingerprint)
        self.store: ResumeStore
        self.lexical: LexicalIndex
        if cluster is None:
            self.store = LmdbStore(path / "store", readonly=lock is None)
            self.lexical = TantivyIndex(path / "lexical")
        else:
            self.store, self.lexical = _open_cluster(cluster, label.fingerprint, create=lock is not None)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        write: bool,
        encoder_name: str | None = None,
        encoder_fingerprint: str | None = None,
        cluster: Cluster | None = None,
        wait: float = 0.0,
        segments: bool = False,
    ) -> Self:
        """Open the index in `path`; with `write`, make it if there is none.

        With `cluster` the resumes and their words are kept there, and only what is derived from vectors is here.
        Without an encoder the check of its fingerprint is left out. `wait` is how many seconds to wait for another
        writer. `segments` makes builds include an index by segment, for `dense.search_segments`.
        Raises IndexMissing, IndexMismatch, IndexBusy or StoreUnavailable.
        """
        place: Place = "here" if cluster is None else "opensearch"
        label = _read_label(path)
        if label is None and (not write or encoder_name is None or encoder_fingerprint is None):
            raise IndexMissing(f"no index in {str(path)!r}; make one with `shortlist index PATH --home {path}`")
        _check(path, label, place, encoder_name, encoder_fingerprint)
        if not write:
            assert label is not None
            return cls(path, label, None, cluster=cluster, segments=segments)
        lock = WriterLock(path, wait=wait)
        try:
            # Once more, under the lock: another process may have made the index meanwhile.
            label = _read_label(path)
            _check(path, label, place, encoder_name, encoder_fingerprint)
            if label is None:
                assert encoder_name is not None
                assert encoder_fingerprint is not None
                label = _Label(FORMAT, encoder_name, encoder_fingerprint, place)
                write_atomically(path / "index.json", json.dumps(asdict(label), indent=2) + "\n")
            return cls(path, label, lock, cluster=cluster, segments=segments)
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError):
                raise no_room(path, error) from error
            raise

    @cached_property
    def dense(self) -> FaissIndex:
        """Opened on first use, so that a damaged generation can still be rebuilt."""
        return FaissIndex(self.path / "dense", self.store, prior=self._prior, segments=self._segments)

    def publish(self, *, force: bool = False) -> None:
        """Make what was stored searchable: words at once, and a new generation when it is worth one."""
        self.lexical.catch_up(self.store)
        manifest = self.dense.manifest
        dim = self._dim() or (manifest.dim if manifest else None)
        changed = sum(1 for _ in self.store.changes(manifest.watermark if manifest else 0))
        due = manifest is None or changed > TAIL_SHARE * len(self.store)
        if dim is not None and (force or due):
            self._build(dim)
        self.dense.refresh()

    def rebuild(self) -> None:
        """Derive the lexical and the dense index again from the store."""
        self.lexical.clear()
        self.lexical.catch_up(self.store)
        self.__dict__.pop("dense", None)
        dim = self._dim()
        if dim is None:
            shutil.rmtree(self.path / "dense", ignore_errors=True)
        else:
            self._build(dim)

    def refresh(self) -> None:
        """Take up what another process has written since; words need no refresh."""
        self.dense.refresh()

    def verify(self) -> list[str]:
        """Differences between the store, the lexical and the dense index, and damaged files; empty when all agree."""
        lexical = self.lexical if isinstance(self.lexical, TantivyIndex) else None
        return differences(self.store, lexical, lambda: self.dense, self.path / "dense")

    def stats(self) -> dict[str, Any]:
        """What is in here, JSON-able: counts, encoder, watermarks, bytes on disk."""
        manifest = self.dense.manifest
        return {
            "home": str(self.path),
            "encoder": self.encoder_name,
            "resumes": len(self.store),
            "languages": dict(sorted(self.store.languages().items())),
            "last_change": self.store.watermark(),
            "lexical": {"last_change": self.lexical.watermark()},
            "dense": {
                "generation": self.dense.generation,
                "last_change": manifest and manifest.watermark,
                "resumes": manifest and manifest.resumes,
                "segments": manifest and manifest.segments,
                "in_memory": self.dense.tail,
            },
            "bytes": {
                name: sum(file.stat().st_size for file in (self.path / name).rglob("*") if file.is_file())
                for name in ("store", "lexical", "dense")
                if (self.path / name).exists()
            },
        }

    def close(self) -> None:
        """Close all parts and let other writers in."""
        self.lexical.close()
        self.store.close()
        self.__dict__.pop("dense", None)
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _build(self, dim: int) -> None:
        FaissIndex.build(
            self.store,
            self.path / "dense",
            fingerprint=self.encoder_fingerprint,
            means=self._prior(dim),
            segments=self._segments,
        )

    def _dim(self) -> int | None:
        for change in self.store.changes():
            held = None if change.deleted else self.store.vectors([change.resume_id])[0]
            if held is not None and len(held):
                return int(held.codes.shape[1])
        return None


def _read_label(path: Path) -> _Label | None:
    file = path / "index.json"
    try:
        return _Label(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StoreUnavailable(
            f"{str(file)!r} cannot be read: {error}; restore it or index into another home"
        ) from error


def _open_cluster(cluster: Cluster, fingerprint: str, *, create: bool) -> tuple[ResumeStore, LexicalIndex]:
    """Store and words on a server. This process is its only writer (see the lock), so nothing has to settle."""
    try:
        from indexer.stores.opensearch import OpenSearchStore
        from indexer.stores.opensearch_lexical import OpenSearchLexical
    except ImportError as error:
        raise StoreUnavailable(f"{error}; install `shortlist[opensearch]` to keep resumes in OpenSearch") from None
    store = OpenSearchStore(cluster.url, index=cluster.index, encoder=fingerprint, create=create, settle=0.0)
    return store, OpenSearchLexical(store)


def _check(path: Path, label: _Label | None, place: Place, name: str | None, fingerprint: str | None) -> None:
    if label is None:
        return
    if label.format != FORMAT:
        raise IndexMismatch(
            f"index {str(path)!r} has format {label.format}, this version reads {FORMAT}; index again into another home"
        )
    if place != label.resumes:
        kept, remedy = ("in OpenSearch", "give `--opensearch URL`") if place == "here" else ("here", "leave it out")
        raise IndexMismatch(f"index {str(path)!r} keeps its resumes {kept}; {remedy}, or use another home")
    if fingerprint is not None and fingerprint != label.fingerprint:
        raise IndexMismatch(
            f"index {str(path)!r} was written by encoder {label.encoder!r} ({label.fingerprint}), not by "
            f"{name!r} ({fingerprint}); use that encoder, or index again into another home"
        )
