"""Files that are there whole or not at all, also after a crash, and the error when there is no room for them."""

import os
from pathlib import Path

from indexer.errors import StoreUnavailable


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by a file holding `text`; readers see the old or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the device."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def no_room(path: Path, error: OSError) -> StoreUnavailable:
    """The error for a folder that can't be written."""
    return StoreUnavailable(
        f"cannot write into {str(path)!r}: {error.strerror}; check free space (df) and rights there"
    )
