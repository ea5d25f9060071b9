"""Generations of the dense index on disk: immutable folders, published by rename.

dense/CURRENT                    name of the generation in service, replaced atomically
dense/generation-000003/         manifest.json, resumes.json, documents.faiss, segments.faiss, owners.npy
dense/building-…/                a build that runs, or that died and is swept away by the next one
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from indexer.errors import IndexMismatch, StoreUnavailable
from indexer.stores.files import sync, write_atomically

FORMAT = 1
_MANIFEST, _CURRENT = "manifest.json", "CURRENT"
_REPAIR = "run `shortlist rebuild`"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds. `files` gives bytes and SHA-256 by name; `means` is `LanguageMeans.to_dict`."""

    format: int
    encoder: str  # fingerprint
    dim: int
    watermark: int  # last change of the store that is in it
    resumes: int
    segments: int | None  # None: built without segments
    means: dict[str, Any]
    files: dict[str, tuple[int, str]]

    @classmethod
    def read(cls, generation: Path) -> Self:
        """Read and check all but the checksums. Raises StoreUnavailable or IndexMismatch."""
        try:
            fields = json.loads((generation / _MANIFEST).read_text(encoding="utf-8"))
            if fields["format"] != FORMAT:
                raise IndexMismatch(
                    f"dense index {str(generation)!r} has format {fields['format']}, this version reads {FORMAT}; "
                    f"{_REPAIR}"
                )
            manifest = cls(**fields)
            for name, (size, _) in manifest.files.items():
                found = (generation / name).stat().st_size
                if found != size:
                    raise StoreUnavailable(
                        f"dense index {str(generation)!r} is damaged: {name} has {found} bytes, not {size}; {_REPAIR}"
                    )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreUnavailable(f"dense index {str(generation)!r} is damaged: {error}; {_REPAIR}") from error
        return manifest


def current(directory: Path) -> Path | None:
    """The generation in service, None before the first build."""
    try:
        return directory / (directory / _CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def damage(generation: Path) -> list[str]:
    """What is wrong with a generation's files, by size and checksum."""
    try:
        manifest = Manifest.read(generation)
    except (StoreUnavailable, IndexMismatch) as error:
        return [str(error)]
    return [
        f"dense index {str(generation)!r}: {name} has another checksum than its manifest; {_REPAIR}"
        for name, (_, checksum) in manifest.files.items()
        if _sha256(generation / name) != checksum
    ]


def publish(directory: Path, fill: Callable[[Path], dict[str, Any]]) -> Path:
    """Let `fill` write a generation's files and return the manifest's other fields; put it into service.

    A failure or a crash at any point leaves the old generation in service. The one before stays for readers that
    are still opening it; older ones are deleted. One build at a time. Raises StoreUnavailable when there is no room.
    """
    with _room(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for left_over in directory.glob("building-*"):
            shutil.rmtree(left_over)
        building = directory / f"building-{os.getpid()}"
        building.mkdir()
        try:
            fields = fill(building)
            files = {file.name: (file.stat().st_size, _sha256(file)) for file in sorted(building.iterdir())}
            manifest = Manifest(format=FORMAT, files=files, **fields)
            (building / _MANIFEST).write_text(json.dumps(asdict(manifest)), encoding="utf-8")
            for file in (*building.iterdir(), building):
                sync(file)
            previous = current(directory)
            numbers = [int(path.name.rpartition("-")[2]) for path in directory.glob("generation-*")]
            generation = directory / f"generation-{max(numbers, default=0) + 1:06}"
            building.rename(generation)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        sync(directory)
        write_atomically(directory / _CURRENT, generation.name)
        for other in directory.glob("generation-*"):
            if other not in (generation, previous):
                shutil.rmtree(other)
    return generation


@contextmanager
def _room(directory: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # faiss raises RuntimeError when a write fails
        raise StoreUnavailable(
            f"no generation built in {str(directory)!r}: {error}; check free space (df) and rights there, then run "
            "again: the old generation is still in service"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
