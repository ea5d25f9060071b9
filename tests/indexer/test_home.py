import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.errors import IndexBusy, IndexMismatch, IndexMissing, StoreUnavailable
from indexer.home import Home
from indexer.resumes import Resume, Section, SectionKind, Segment
from indexer.stores import LexicalQuery, StoredResume
from indexer.vectors import SegmentVectors

DIM = 16
WORDS = ("java", "kafka", "welding", "nursing", "python", "sales")


def record(number: int, version: int = 1) -> StoredResume:
    """A made-up resume; number and version decide everything about it."""
    rng = np.random.default_rng([number, version])
    lines = [" ".join(rng.choice(WORDS, 4)) for _ in range(1 + number % 4)]
    text, segments, start = "\n".join(lines), [], 0
    for line in lines:
        segments.append(Segment(line, start, start + len(line), SectionKind.OTHER))
        start += len(line) + 1
    sections = (Section(SectionKind.OTHER, 0, len(text), 0, 0),)
    language = ("en", "de")[number % 2]
    resume = Resume(f"r{number:03}", text, version, language, sections, tuple(segments), meta={"n": number})
    vectors = SegmentVectors.quantise(rng.normal(size=(len(lines), DIM)).astype(np.float32))
    return StoredResume(resume, vectors, f"{text} {version}")


def open_home(path: Path, *, write: bool = True, **options: Any) -> Home:
    return Home.open(path, write=write, encoder_name="made", encoder_fingerprint="made-0123456789abcdef", **options)


def found(home: Home, word: str = "java") -> list[tuple[str, float]]:
    hits = home.lexical.search([LexicalQuery(word)], language="en", depth=50)
    query = np.random.default_rng(0).normal(size=DIM).astype(np.float32)
    hits += home.dense.search_resumes(query / np.linalg.norm(query), depth=50)
    return [(hit.resume_id, round(hit.score, 5)) for hit in hits]


def content(home: Home) -> list[tuple[str, int, bytes]]:
    ids = sorted(home.store.select(()))
    return [
        (held.resume.text, held.resume.version, held.vectors.to_bytes())
        for held in home.store.get(ids)
        if held is not None
    ]


def test_write_then_read(tmp_path: Path) -> None:
    with open_home(tmp_path / "home") as home:
        home.store.put([record(n) for n in range(30)])
        home.publish()
        written = found(home)
        assert home.verify() == []
    with open_home(tmp_path / "home", write=False) as home:
        assert found(home) == written
        assert {key for key, _ in written[-30:]} == {f"r{n:03}" for n in range(30)}
        assert home.verify() == []
        stats = home.stats()
    assert (stats["resumes"], stats["languages"], stats["encoder"]) == (30, {"de": 15, "en": 15}, "made")
    assert stats["dense"]["resumes"] == 30
    assert stats["dense"]["in_memory"] == 0
    assert json.dumps(stats)


def test_no_index(tmp_path: Path) -> None:
    for options in ({"write": False}, {"write": True}):
        with pytest.raises(IndexMissing, match="shortlist index"):
            Home.open(tmp_path / "none", **options)
    assert not (tmp_path / "none").exists()


def test_another_encoder_is_refused_by_name(tmp_path: Path) -> None:
    open_home(tmp_path).close()
    for write in (True, False):
        with pytest.raises(IndexMismatch, match=r"'made'.*'other'"):
            Home.open(tmp_path, write=write, encoder_name="other", encoder_fingerprint="other-1")
    Home.open(tmp_path, write=False).close()  # nobody asks to encode
    open_home(tmp_path).close()


def test_another_format_and_a_damaged_label(tmp_path: Path) -> None:
    open_home(tmp_path).close()
    label = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps(label | {"format": 7}))
    with pytest.raises(IndexMismatch, match="format 7"):
        open_home(tmp_path)
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(StoreUnavailable, match=r"index\.json"):
        open_home(tmp_path)


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        open_home(tmp_path / "file" / "home")


def test_generations_are_built_when_worth_it(tmp_path: Path) -> None:
    with open_home(tmp_path) as home:
        home.publish()
        assert home.dense.generation is None  # nothing to build from
        home.store.put([record(n) for n in range(50)])
        home.publish()
        assert home.dense.generation == "generation-000001"
        home.store.put([record(n, 2) for n in range(5)])
        home.publish()
        assert (home.dense.generation, home.dense.tail, home.verify()) == ("generation-000001", 5, [])
        home.store.put([record(n, 2) for n in range(5, 7)])
        home.publish()
        assert (home.dense.generation, home.dense.tail, home.verify()) == ("generation-000002", 0, [])
        home.publish(force=True)
        assert home.dense.generation == "generation-000003"
        for n in range(50):
            home.store.delete(f"r{n:03}", 9)
        home.publish()
        assert (found(home), home.verify(), home.dense.generation) == ([], [], "generation-000004")
        home.rebuild()
        assert (found(home), home.verify(), home.dense.generation) == ([], [], None)


def test_a_small_first_run_does_not_decide_the_ranking(tmp_path: Path) -> None:
    with open_home(tmp_path / "two runs") as two, open_home(tmp_path / "one run") as one:
        for numbers in (range(3), range(3, 60)):
            two.store.put([record(n) for n in numbers])
            two.publish()
        one.store.put([record(n) for n in range(60)])
        one.publish()
        assert found(two) == found(one)


def test_verify_names_each_difference_and_rebuild_mends_it(tmp_path: Path) -> None:
    with open_home(tmp_path) as home:
        home.store.put([record(n) for n in range(10)])
        home.publish()
        whole = found(home)
        home.store.put([record(3, 2)])
        home.store.delete("r004", 2)
        home.store.put([record(11)])
        assert sorted(home.verify()) == [
            "dense index: resume 'r003' is there as of change 4, not 11",
            "dense index: resume 'r004' is there and not in the store",
            "dense index: resume 'r011' is missing",
            "lexical index: resume 'r003' is there as of change 4, not 11",
            "lexical index: resume 'r004' is there and not in the store",
            "lexical index: resume 'r011' is missing",
        ]
        home.rebuild()
        assert home.verify() == []
        assert found(home) != whole
        # Damage on disk
        generation = tmp_path / "dense" / str(home.dense.generation)
        data = (generation / "documents.faiss").read_bytes()
        (generation / "documents.faiss").write_bytes(data[:-1] + bytes([data[-1] ^ 255]))
        assert ["checksum" in line for line in home.verify()] == [True]
        (generation / "documents.faiss").write_bytes(data[:100])
    with open_home(tmp_path) as home:
        with pytest.raises(StoreUnavailable, match="shortlist rebuild"):
            found(home)
        assert len(home.verify()) == 2
        expected = content(home)
        home.rebuild()
        assert (home.verify(), content(home), home.dense.tail) == ([], expected, 0)
        for file in (tmp_path / "lexical" / "text-en").glob("*.idx"):
            file.write_bytes(b"")
        (tmp_path / "lexical" / "text-en" / "meta.json").write_text("{")
        assert any("lexical index" in line for line in home.verify())
        home.rebuild()
        assert home.verify() == []


def index(path: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """What the interrupted process does: new resumes, newer versions, deletes, then both indexes."""
    with open_home(path) as home:
        say("open")
        for first in range(0, 60, 6):
            home.store.put([record(n) for n in range(first, first + 6)])
            home.store.put([record(n, 2) for n in range(first, first + 6, 3)])
            home.store.delete(f"r{first:03}", 3)
            say("batch")
        say("words")
        home.lexical.catch_up(home.store)
        say("vectors")
        home.publish(force=True)


CHILD = textwrap.dedent("""
    import importlib.util, sys
    from pathlib import Path
    spec = importlib.util.spec_from_file_location("made", sys.argv[1])
    made = importlib.util.module_from_spec(spec); spec.loader.exec_module(made)

    def say(word):
        print(word, flush=True)
""")

INDEXING = CHILD + "made.index(Path(sys.argv[2]), say)"

HOLDING = CHILD + textwrap.dedent("""
    with made.open_home(Path(sys.argv[2])) as home:
        say("open")
        sys.stdin.readline()
""")


def start(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, __file__, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def finish(child: subprocess.Popen[str]) -> None:
    _, problems = child.communicate(timeout=60)
    assert child.returncode == 0, problems


def test_interrupted_anywhere_and_run_again(tmp_path: Path) -> None:
    index(tmp_path / "whole")
    steps = ["open", *["batch"] * 10, "words", "vectors"]
    stops = [(signal.SIGKILL, random.randrange(1, 11)), (signal.SIGINT, 5), (signal.SIGKILL, 12), (signal.SIGKILL, 13)]
    for how, stop in stops:
        child = start(INDEXING, tmp_path / "broken")
        assert child.stdout is not None
        assert [child.stdout.readline().strip() for _ in range(stop)] == steps[:stop]
        child.send_signal(how)
        child.communicate(timeout=60)
        if how is signal.SIGKILL:
            assert child.returncode == -signal.SIGKILL
    with open_home(tmp_path / "broken") as home:  # usable as it was left, once published
        home.publish()
        assert home.verify() == []
    index(tmp_path / "broken")
    with open_home(tmp_path / "whole", write=False) as whole, open_home(tmp_path / "broken", write=False) as broken:
        assert content(broken) == content(whole)
        assert broken.verify() == whole.verify() == []
        assert {key for key, _ in found(broken)} == {key for key, _ in found(whole)}
        assert set(found(broken, "")) == set(found(whole, ""))  # the dense half, with scores
        assert broken.dense.means.overall == pytest.approx(whole.dense.means.overall)
    leftovers = [
        path.name for path in (tmp_path / "broken").rglob("*") if "building" in path.name or "tmp" in path.name
    ]
    assert leftovers == []


def test_two_writers(tmp_path: Path) -> None:
    child = start(HOLDING, tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    with pytest.raises(IndexBusy, match=f"process {child.pid} is writing"):
        open_home(tmp_path)
    with open_home(tmp_path, write=False) as reader:  # a reader needs no lock
        assert len(reader.store) == 0
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()
    with open_home(tmp_path, wait=60) as home:
        home.store.put([record(1)])
    finish(child)


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    child = start(HOLDING, tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    child.kill()
    child.communicate(timeout=60)
    open_home(tmp_path).close()
    assert not (tmp_path / "writer.pid").exists()


def test_a_writer_that_could_not_open_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "data.mdb").write_bytes(b"no database" * 999)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="store"):
            open_home(tmp_path)


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    index(tmp_path)
    with open_home(tmp_path, write=False) as reader:
        before = found(reader)
        child = start(
            CHILD + "with made.open_home(Path(sys.argv[2])) as home:\n"
            " home.store.put([made.record(n, 9) for n in range(70)])\n home.publish(force=True)\n",
            tmp_path,
        )
        finish(child)
        reader.refresh()
        assert reader.verify() == []
        assert len(reader.store) == 70
        assert found(reader) != before


def test_no_room_on_the_device(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes writes past a size fail, as a full device does: each part says so, and keeps what it had."""
    with open_home(tmp_path) as home:
        home.store.put([record(n) for n in range(10)])
        home.publish()
    code = CHILD + textwrap.dedent("""
        import resource
        from indexer.errors import StoreUnavailable
        with made.open_home(Path(sys.argv[2])) as home:
            home.store.put([made.record(n) for n in range(10, 500)])
            for action in (lambda: home.lexical.catch_up(home.store), lambda: home._build(made.DIM)):
                resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
                try:
                    action()
                except StoreUnavailable as error:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                    say(error)
    """)
    child = start(code, tmp_path)
    output, problems = child.communicate(timeout=60)
    assert child.returncode == 0, problems
    assert ["lexical" in line or "generation" in line for line in output.splitlines()] == [True, True]
    with open_home(tmp_path) as home:
        assert len(home.store) == 500
        assert home.dense.generation == "generation-000001"
        assert len(found(home, "welding")) > 30
        home.publish()
        assert home.verify() == []
