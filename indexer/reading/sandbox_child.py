"""The child process that parses PDF, DOCX and Markdown: `python -m indexer.reading.sandbox_child MEMORY_BYTES SECONDS`.

Protocol: it prints `{}` when ready. A request is one line of JSON `{"kind", "size"}` and `size` bytes; an answer is
one line of JSON, `{"text", "headings"}` or `{"error", "reason"}`. JSON, because what a hostile file
made of this process must not be unpickled by its parent.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from indexer.errors import ShortlistError
from indexer.reading.documents import Document
from indexer.reading.docx import read_docx
from indexer.reading.markdown import read_markdown
from indexer.reading.pdf import read_pdf

_READERS: dict[str, Callable[[bytes], Document]] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "markdown": lambda data: read_markdown(data.decode()),  # pathological nesting takes quadratic time
}


def main() -> None:
    """Serve requests until standard input ends."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a parser that prints must not print into the protocol
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _answer(answers, {})
    while header := sys.stdin.buffer.readline():
        request = json.loads(header)
        data = sys.stdin.buffer.read(request["size"])
        # The kernel ends this process even inside native code, and even when the parent is gone.
        signal.setitimer(signal.ITIMER_REAL, seconds + 1)
        answer = _parse(request["kind"], data)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _answer(answers, answer)


def _parse(kind: str, data: bytes) -> dict[str, Any]:
    try:
        document = _READERS[kind](data)
    except ShortlistError as error:
        return {"error": type(error).__name__, "reason": str(error)}
    except MemoryError:
        os._exit(1)  # the parent reports a child that died, and starts another
    except Exception as error:  # whatever a parser makes of a broken file is that file's fault alone
        detail = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return {"error": "UnreadableFile", "reason": f"the {kind.upper()} parser failed ({detail}); export it again"}
    return {"text": document.text, "headings": [(heading.start, heading.end) for heading in document.headings]}


def _answer(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
