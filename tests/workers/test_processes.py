"""What only a process of its own shows: signals, pipes, terminals, locales, two writers."""

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.workers.conftest import NURSE, PEOPLE, Shortlist, line

TIMEOUT = 120  # a child imports torch, on a machine that may be busy
MAIN = "from workers.cli import main; main()"
ROOT = Path(__file__).parents[2]


def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    # Buffered, as users have it: what is written last fails only when it is flushed.
    options["env"] = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "", **options.get("env", {})}
    return subprocess.Popen(command, **options)


def test_ctrl_c_in_the_middle_and_run_again(shortlist: Shortlist, tmp_path: Path) -> None:
    """The first source is one batch, the second a pipe: when the child opens it, that batch is stored."""
    first, second = tmp_path / "1-first.jsonl", tmp_path / "2-second.jsonl"
    lines = [line(f"r{n:02}", f"{PEOPLE[n % 12][3].splitlines()[4]}, {n} years") for n in range(84)]
    first.write_text("".join(lines[:64]), encoding="utf-8")
    os.mkfifo(second)
    child = start("index", first, second, "--home", tmp_path / "home")
    with second.open("wb"):
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=TIMEOUT)
    assert (child.returncode, out) == (130, b"")
    told = err.decode().splitlines()
    assert told[0] == "stopped early: what is counted is stored; run the same command again to go on"
    assert told[1].startswith("written=64 unchanged=0 stale=0 rejected=0 segments=")
    assert len(told) == 2
    [stats] = shortlist("stats", "--home", tmp_path / "home").records
    assert stats["resumes"] == stats["lexical"]["last_change"] == 64
    assert len(shortlist("search", NURSE, "--home", tmp_path / "home").ids) == 20

    second.unlink()
    second.write_text("".join(lines[64:]), encoding="utf-8")
    again = shortlist("index", first, second, "--home", tmp_path / "home")
    assert (again.counts["unchanged"], again.counts["written"]) == (64, 20)
    assert shortlist("index", first, second, "--home", tmp_path / "undisturbed").counts["written"] == 84
    states, searches = [], []
    for home in ("home", "undisturbed"):
        [stats] = shortlist("stats", "--home", tmp_path / home).records
        states.append({name: value for name, value in stats.items() if name not in ("home", "bytes")})
        searches.append(shortlist("search", NURSE, "--home", tmp_path / home, "-k", 84).out)
        assert shortlist("verify", "--home", tmp_path / home).code == 0
    assert states[0] == states[1]
    assert searches[0] == searches[1]


HOLDER = """
import os, sys
from pathlib import Path
from indexer.stores.writer_lock import WriterLock
lock = WriterLock(Path(sys.argv[1]), wait=0)
print(os.getpid(), flush=True)
sys.stdin.readline()
lock.release()
"""


def test_two_writers_of_one_home(shortlist: Shortlist, home: Path, people: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(home, tmp_path / "home"))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(mine)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    pid = int(holder.stdout.readline())
    for arguments in (("index", people), ("rebuild",)):
        refused = shortlist(*arguments, "--home", mine)
        assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
        assert f"process {pid} is writing into index" in refused.err
        assert "--wait SECONDS" in refused.err
    assert len(shortlist("search", NURSE, "--home", mine).ids) == 12  # readers never wait
    release = threading.Timer(0.3, holder.stdin.close)
    release.start()
    waited = shortlist("index", people, "--home", mine, "--wait", TIMEOUT)
    assert (waited.code, waited.counts["unchanged"]) == (0, 12)
    release.join()
    holder.stdout.close()
    assert holder.wait(TIMEOUT) == 0


def test_a_reader_that_goes_and_a_terminal_on_standard_error(home: Path, tmp_path: Path) -> None:
    """`shortlist search … | head -1`, started by hand: the bar is for the terminal, the data for the pipe."""
    briefs = tmp_path / "briefs.jsonl"
    entries = [{"brief_id": str(n), "text": f"{text}\n{n}"} for n, (_, _, _, text) in enumerate(PEOPLE * 3)]
    briefs.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    master, terminal = pty.openpty()
    child = start("search", "--briefs", briefs, "--home", home, "-k", 12, stderr=terminal, env={"TERM": "xterm"})
    os.close(terminal)
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["brief_id"] == "0"
    child.stdout.close()
    assert child.wait(TIMEOUT) == 1
    assert drain(master) == b""


def drain(terminal: int) -> bytes:
    """What was written to a terminal that its writers have left."""
    data = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            data += piece
    except OSError:  # how Linux says that nobody holds the other end
        pass
    os.close(terminal)
    return data


@pytest.fixture
def judged(tmp_path: Path) -> tuple[Path, Path]:
    """Judgments and a run with a name beyond ASCII: `evaluate` answers with it, and loads no model."""
    qrels, run = tmp_path / "qrels.tsv", tmp_path / "rün-日本.trec"
    qrels.write_text("q1 0 nurse-de 1\n")
    run.write_text("q1 Q0 nurse-de 1 2.0 other\n")
    return qrels, run


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}], ids=["C", "latin-1"])
def test_json_is_utf_8_in_any_locale(judged: tuple[Path, Path], env: dict[str, str]) -> None:
    qrels, run = judged
    child = start("evaluate", qrels, "--run", run, env=env)
    out, err = child.communicate(timeout=TIMEOUT)
    assert (child.returncode, err) == (0, b"briefs=1 judgments=1 rejected=0\n")
    assert json.loads(out.decode("utf-8"))["run"] == str(run)


def test_a_reader_that_has_gone_before_the_first_line(judged: tuple[Path, Path]) -> None:
    qrels, run = judged
    read, write = os.pipe()
    os.close(read)
    child = start("evaluate", qrels, "--run", run, stdout=write)
    os.close(write)
    _, err = child.communicate(timeout=TIMEOUT)
    assert (child.returncode, err) == (1, b"")


def test_standard_output_on_a_full_disk(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        child = start("stats", "--home", home, stdout=full)
        _, err = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 1
    assert err.count(b"\n") == 1
    assert b"No space left on device" in err
    assert b"check free space" in err


def test_closed_streams(judged: tuple[Path, Path]) -> None:
    qrels, run = judged
    command = f"exec {shlex.join([sys.executable, '-c', MAIN, 'evaluate', str(qrels), '--run', str(run)])} <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=ROOT, timeout=TIMEOUT, check=False).returncode == 0


def test_a_person_gets_a_table(judged: tuple[Path, Path]) -> None:
    qrels, run = judged
    master, terminal = pty.openpty()
    env = {"TERM": "xterm", "COLUMNS": "150", "LC_ALL": "C.UTF-8"}
    child = start("evaluate", qrels, "--run", run, stdout=terminal, stderr=terminal, env=env)
    os.close(terminal)
    shown = drain(master).decode()
    assert child.wait(TIMEOUT) == 0
    assert "nDCG@10" in shown
    assert "1.000" in shown
    assert "{" not in shown
    assert shown.endswith("rejected=0\r\n")
