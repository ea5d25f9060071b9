"""Paths and standard input to single sources, each with the id that its content gets when it names none."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from indexer.errors import UnreadableFile
from indexer.reading.rejected import Rejected

STDIN = "-"
_COMPRESSED = frozenset((".gz", ".zst"))


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input (`path` is None)."""

    origin: str  # for messages
    item_id: str
    suffix: str  # lower case, with its dot, compression taken off; "" when there is none
    path: Path | None = None
    stdin: BinaryIO | None = None

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open for reading. Standard input is left open behind it. Raises OSError."""
        if self.path is not None:
            return self.path.open("rb")
        assert self.stdin is not None
        return nullcontext(self.stdin)

    def modified(self) -> int:
        """Modification time in milliseconds since 1970, 0 for standard input. Raises OSError."""
        return max(0, self.path.stat().st_mtime_ns // 1_000_000) if self.path is not None else 0


def check_sources(sources: Sequence[str], stdin: BinaryIO | None) -> None:
    """Raise UnreadableFile for the first source that does not exist."""
    for source in sources:
        if source == STDIN:
            if stdin is None:
                raise UnreadableFile("'-' means standard input, and there is none here; give a path")
        elif not Path(source).exists():
            raise UnreadableFile(f"{source}: no such file or folder; check the path")


def expand(sources: Sequence[str], stdin: BinaryIO | None) -> Iterator[Source | Rejected]:
    """Folders become their files, depth first, in the order of names; hidden ones are left out."""
    for source in sources:
        path = Path(source)
        if source == STDIN:
            yield Source("stdin", "stdin", "", stdin=stdin)
        elif path.is_dir():
            yield from _walk(path, path)
        else:
            stem, suffix = split_name(path.name)
            yield Source(str(path), stem, suffix, path)


def split_name(name: str) -> tuple[str, str]:
    """`cv.pdf.gz` → (`cv`, `.pdf`)."""
    path = Path(name)
    if path.suffix.lower() in _COMPRESSED:
        path = Path(path.stem)
    return path.stem, path.suffix.lower()


def _walk(folder: Path, root: Path) -> Iterator[Source | Rejected]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        files = [entry for entry in entries if not entry.is_dir()]
    except OSError as error:
        yield Rejected(str(folder), f"cannot be listed: {error.strerror}; check its permissions")
        return
    # `cv.pdf` beside `cv.docx` keep their suffixes; full names differ within a folder, so ids do, too.
    stems = Counter(split_name(file.name)[0] for file in files)
    names = {file.name for file in files}
    for entry in entries:
        if not entry.is_dir():
            stem, suffix = split_name(entry.name)
            unique = stems[stem] == 1 and (stem == entry.name or stem not in names)
            relative = entry.relative_to(root).with_name(stem if unique else entry.name)
            yield Source(str(entry), relative.as_posix(), suffix, entry)
        elif not entry.is_symlink():  # a link to a folder may lead round in a circle
            yield from _walk(entry, root)
