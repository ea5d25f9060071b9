import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.errors import UnreadableFile
from indexer.limits import Limits
from indexer.reading.sandbox import Sandbox

MakePdf = Callable[..., Path]


def child_of(sandbox: Sandbox) -> int:
    assert sandbox._child is not None
    return sandbox._child.pid


def test_one_child_serves_many_files_and_ends_with_the_block(pdf: MakePdf) -> None:
    data = pdf("cv.pdf", ["A page"]).read_bytes()
    with Sandbox(Limits()) as sandbox:
        assert sandbox.parse("pdf", data).text == "A page"
        first = child_of(sandbox)
        with pytest.raises(UnreadableFile, match="damaged"):
            sandbox.parse("pdf", b"%PDF-1.4")
        assert sandbox.parse("markdown", b"# A *page*").text == "A page"
        assert child_of(sandbox) == first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_child_that_died_between_files_is_replaced(pdf: MakePdf) -> None:
    data = pdf("cv.pdf", ["A page"]).read_bytes()
    with Sandbox(Limits()) as sandbox:
        sandbox.parse("pdf", data)
        first = child_of(sandbox)
        os.kill(first, signal.SIGKILL)
        assert sandbox.parse("pdf", data).text == "A page"
        assert child_of(sandbox) != first


def test_child_sees_no_secret_of_its_parent(monkeypatch: pytest.MonkeyPatch, pdf: MakePdf) -> None:
    monkeypatch.setenv("SHORTLIST_SECRET", "x")
    with Sandbox(Limits()) as sandbox:
        sandbox.parse("pdf", pdf("cv.pdf", ["A page"]).read_bytes())
        environment = Path(f"/proc/{child_of(sandbox)}/environ")
        if not environment.exists():
            pytest.skip("needs /proc")
        assert b"SHORTLIST_SECRET" not in environment.read_bytes()


def test_pathological_markdown_is_stopped() -> None:
    with Sandbox(Limits(parse_seconds=1)) as sandbox, pytest.raises(UnreadableFile, match="more than 1 s"):
        sandbox.parse("markdown", b"*a_ " * 400_000)
