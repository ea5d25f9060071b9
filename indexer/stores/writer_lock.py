"""One writer at a time in one folder, across processes. The lock goes with its process, however that ends."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from indexer.errors import IndexBusy
from indexer.stores.files import no_room, write_atomically


class WriterLock:
    """Held from construction to `release`."""

    def __init__(self, path: Path, *, wait: float) -> None:
        """Take the lock of folder `path`, which is made if there is none, within `wait` seconds.

        Raises IndexBusy naming the process that holds it, StoreUnavailable when the folder can't be written.
        """
        # The process id has a file of its own: whoever tries the lock truncates the lock file.
        self._holder = path / "writer.pid"
        self._lock = FileLock(path / "writer.lock", thread_local=False)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=wait)
            write_atomically(self._holder, str(os.getpid()))
        except Timeout:
            raise IndexBusy(
                f"{self._named()} is writing into index {str(path)!r}; wait until it is done (`--wait SECONDS`), "
                "or stop it"
            ) from None
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise no_room(path, error) from error
            raise

    def release(self) -> None:
        """Let the next writer in."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _named(self) -> str:
        try:
            return f"process {int(self._holder.read_text(encoding='utf-8'))}"
        except (OSError, ValueError):  # it has not yet written its number
            return "another process"
