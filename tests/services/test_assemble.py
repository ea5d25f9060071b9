"""The assembly with a stand-in for Maven; that the real one works, every test on a local node shows."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.services import assemble
from tests.services.assemble import PLUGINS, Unavailable, distribution

MAVEN = """#!/bin/sh
echo run >> "$0.log"
folder=$(sed -n 's:.*<outputDirectory>\\([^<]*\\)</outputDirectory>.*:\\1:p' "$4")
mkdir -p "$folder/opensearch-3.6.0/bin"
{end}
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(assemble, "_cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str) -> Path:
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir(exist_ok=True)
    maven.write_text(MAVEN.replace("{end}", end))
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(maven.parent), prepend=":")
    return Path(f"{maven}.log")


def test_assembled_once_by_many(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install(tmp_path, monkeypatch, 'touch "$folder/opensearch-3.6.0/bin/opensearch"')
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: distribution(()), range(4)))
    assert folders == {cache / "opensearch-3.6.0"}
    assert (cache / "opensearch-3.6.0" / "bin" / "opensearch").exists()
    assert log.read_text() == "run\n"
    assert {path.name for path in cache.iterdir()} <= {"opensearch-3.6.0", "opensearch-3.6.0.lock"}


def test_half_a_distribution_is_never_used(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "echo no such artifact; exit 1")
    with pytest.raises(Unavailable, match="no such artifact"):
        distribution(())
    assert {path.name for path in cache.iterdir()} <= {"opensearch-3.6.0.lock"}
    install(tmp_path, monkeypatch, "exit 0")
    assert distribution(()).is_dir()


def test_other_plugins_are_another_distribution(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "exit 1")
    monkeypatch.setattr(
        assemble, "_unpack", lambda plugins, part: (part / "node" / str(len(plugins))).mkdir(parents=True)
    )
    assert distribution(()) == cache / "opensearch-3.6.0"
    assert distribution(("knn", "job-scheduler")) == cache / "opensearch-3.6.0-job-scheduler-knn"
    assert distribution(PLUGINS) == cache / "opensearch-3.6.0-job-scheduler-knn-ml-neural-search"


def test_without_maven(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(Unavailable, match="Maven"):
        distribution(())
