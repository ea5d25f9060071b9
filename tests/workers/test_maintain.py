import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.workers.conftest import NURSE, Shortlist, line


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """An index of the test's own."""
    return Path(shutil.copytree(home, tmp_path / "copy"))


def test_stats_count_what_is_there(shortlist: Shortlist, home: Path) -> None:
    answer = shortlist("stats", "--home", home)
    assert (answer.code, answer.err) == (0, "")
    [stats] = answer.records
    assert stats["resumes"] == stats["dense"]["resumes"] == 12
    assert stats["languages"] == {"de": 3, "en": 4, "es": 2, "fr": 3}
    assert stats["encoder"] == "multilingual-e5-small"
    assert stats["last_change"] == stats["lexical"]["last_change"] == stats["dense"]["last_change"] == 12
    assert stats["dense"]["in_memory"] == 0
    for name, size in stats["bytes"].items():
        assert size == sum(file.stat().st_size for file in (home / name).rglob("*") if file.is_file())


def test_verify_names_the_damage_and_rebuild_mends_it(shortlist: Shortlist, copy: Path) -> None:
    before = shortlist("search", NURSE, "--home", copy).out
    sound = shortlist("verify", "--home", copy)
    assert (sound.code, sound.out, sound.err) == (0, "", "differences=0\n")
    shutil.rmtree(copy / "lexical")
    (copy / "lexical").mkdir()
    damaged = shortlist("verify", "--home", copy)
    assert damaged.code == 1
    assert damaged.counts["differences"] == len(damaged.records) > 0
    assert all(list(record) == ["difference"] for record in damaged.records)
    assert "lexical" in damaged.out
    assert "run `shortlist rebuild`" in damaged.err
    rebuilt = shortlist("rebuild", "--home", copy)
    assert rebuilt.code == 0
    assert rebuilt.records == shortlist("stats", "--home", copy).records
    assert shortlist("verify", "--home", copy).code == 0
    assert shortlist("search", NURSE, "--home", copy).out == before


def test_a_damaged_generation_is_named_and_mended(shortlist: Shortlist, copy: Path) -> None:
    before = shortlist("search", NURSE, "--home", copy).out
    [generation] = [path for path in (copy / "dense").iterdir() if path.is_dir()]
    largest = max(generation.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 0xFF
    largest.write_bytes(data)
    damaged = shortlist("verify", "--home", copy)
    assert damaged.code == 1
    assert largest.name in damaged.out or generation.name in damaged.out
    assert shortlist("rebuild", "--home", copy).code == 0
    assert shortlist("verify", "--home", copy).code == 0
    assert shortlist("search", NURSE, "--home", copy).out == before


def test_a_change_is_searched_before_a_generation_is_built(shortlist: Shortlist, copy: Path) -> None:
    added = line("late", "Nurse\n\nIntensive care, ventilated patients", version=2)
    assert shortlist("index", "-", "--home", copy, stdin=added).counts["written"] == 1
    [stats] = shortlist("stats", "--home", copy).records
    assert (stats["resumes"], stats["dense"]["resumes"], stats["dense"]["in_memory"]) == (13, 12, 1)
    assert "late" in shortlist("search", NURSE, "--home", copy, "-k", 3).ids
    assert shortlist("verify", "--home", copy).code == 0


def test_a_label_that_cannot_be_read(shortlist: Shortlist, copy: Path) -> None:
    (copy / "index.json").write_text("{")
    answer = shortlist("stats", "--home", copy)
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert "index.json' cannot be read" in answer.err
    (copy / "index.json").write_text(json.dumps({"format": 99, "encoder": "x", "fingerprint": "y"}))
    assert "has format 99, this version reads" in shortlist("stats", "--home", copy).err


def test_doctor(shortlist: Shortlist, home: Path, tmp_path: Path) -> None:
    answer = shortlist("doctor", "--home", home)
    assert (answer.code, answer.err) == (0, "failed=0\n")
    checks = {record["check"]: record["detail"] for record in answer.records}
    assert list(checks) == ["machine", "packages", "encoder", "disk", "index"]
    assert "multilingual-e5-small, 384 dimensions" in checks["encoder"]
    assert checks["index"].startswith("12 resumes")
    sick = shortlist("doctor", "--home", tmp_path, "--encoder", tmp_path / "nothing")
    assert sick.code == 1
    failed = {record["check"]: record["detail"] for record in sick.records if record["result"] == "failed"}
    assert set(failed) == {"encoder", "index"}
    assert "nothing" in failed["encoder"]


def test_help_of_every_command(shortlist: Shortlist) -> None:
    overview = shortlist("--help")
    assert overview.code == 0
    assert "Exit codes" in overview.out
    for command in ("index", "search", "score", "evaluate", "stats", "verify", "rebuild", "doctor"):
        assert f"\n  {command} " in overview.out
        answer = shortlist(command, "--help")
        assert answer.code == 0
        assert "Usage: " in answer.out
    assert shortlist("no-such-command").code == 2
    assert shortlist("--version").out == f"{version('shortlist')}\n"
