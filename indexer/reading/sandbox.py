"""PDF, DOCX and Markdown are parsed in a child process, limited in time and memory, that serves many files."""

import json
import os
import selectors
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Literal, Self

from indexer import errors
from indexer.limits import Limits
from indexer.reading.documents import Document
from indexer.resumes import Heading

Kind = Literal["pdf", "docx", "markdown"]

_START_SECONDS = 120.0  # a cold disk; not counted against any file
_FILES_PER_CHILD = 500  # a leak in a native parser must not fill the memory limit on an innocent file
_ANSWER_BYTES = 100_000_000
_ERRORS = {"NeedsOCR": errors.NeedsOCR, "TooLong": errors.TooLong, "UnreadableFile": errors.UnreadableFile}


class _ChildDied(Exception):
    """The child ended without an answer."""


class Sandbox:
    """Use it as a context manager: the child starts with the first file and ends with the block."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parse(self, kind: Kind, data: bytes) -> Document:
        """Parse one file. Raises UnreadableFile, NeedsOCR or TooLong; the next file is not affected."""
        if self._served >= _FILES_PER_CHILD:
            self.close()
        reused = self._served > 0
        answer: dict[str, Any] | None
        try:
            answer = self._ask(kind, data)
        except _ChildDied:
            # What earlier files left behind in the child may be the cause: judge this file in a fresh one.
            try:
                answer = self._ask(kind, data) if reused else None
            except _ChildDied:
                answer = None
        if answer is None:
            raise errors.UnreadableFile(
                f"parsing it crashed or needed more than {self._limits.parse_bytes:,} bytes of memory; "
                "export it again or raise the limit"
            )
        if "error" in answer:
            raise _ERRORS.get(answer["error"], errors.UnreadableFile)(answer["reason"])
        return Document(answer["text"], tuple(Heading(start, end) for start, end in answer["headings"]))

    def close(self) -> None:
        """End the child, whatever it is doing."""
        child, self._child, self._served = self._child, None, 0
        if child is not None:
            child.kill()
            child.communicate()

    def _ask(self, kind: Kind, data: bytes) -> dict[str, Any]:
        child = self._child or self._start()
        assert child.stdin is not None
        self._served += 1
        try:
            child.stdin.write(json.dumps({"kind": kind, "size": len(data)}).encode() + b"\n")
            child.stdin.write(data)
            child.stdin.flush()
            line = self._read_line(child, self._limits.parse_seconds)
        except (BrokenPipeError, _ChildDied):
            self.close()
            raise _ChildDied from None
        except BaseException:  # too slow, or Ctrl-C: the answer would be read as the next file's
            self.close()
            raise
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        # A bare environment: a process that reads hostile files has no business with the parent's secrets.
        # Few malloc arenas and threads, as each reserves address space that counts against the limit.
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "indexer.reading.sandbox_child",
                str(self._limits.parse_bytes),
                str(self._limits.parse_seconds),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "PYTHONSAFEPATH": "1",
                "MALLOC_ARENA_MAX": "2",
                "RAYON_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
        )
        self._child = child
        try:
            self._read_line(child, _START_SECONDS)
        except (_ChildDied, errors.UnreadableFile):
            self.close()
            raise errors.ShortlistError(
                "the process that reads PDF and DOCX does not start; check that liteparse, pypdfium2, docx import"
            ) from None
        return child

    def _read_line(self, child: subprocess.Popen[bytes], seconds: float) -> bytes:
        assert child.stdout is not None
        deadline, answer = time.monotonic() + seconds, bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise errors.UnreadableFile(
                        f"parsing it took more than {seconds:g} s and was stopped; export it again or raise the limit"
                    )
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece or len(answer) > _ANSWER_BYTES:
                    raise _ChildDied
                answer += piece
        return bytes(answer)
