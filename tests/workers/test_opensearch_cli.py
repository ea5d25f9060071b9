"""The command line with OpenSearch as the place of resumes and words: same answers as embedded, clear refusals."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.server import Server
from tests.workers.conftest import Shortlist

RESUMES = [
    (
        "nurse-de",
        "de",
        "Krankenpflegerin auf der Intensivstation.\nAcht Jahre Erfahrung mit beatmeten Patienten.",
        "DE",
    ),
    ("cook-fr", "fr", "Cuisinier de collectivité.\nMenus sans gluten, normes HACCP, équipe de douze personnes.", "FR"),
    ("dev-en", "en", "Backend developer.\nBuilt search services with Java, Kafka and PostgreSQL for nine years.", "FR"),
    (
        "nurse-en",
        "en",
        "Registered nurse in intensive care.\nSix years with ventilated patients, team lead at night.",
        "GB",
    ),
    ("driver-en", "en", "Truck driver.\nLong distance tours across Europe, dangerous goods licence.", "GB"),
]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "resumes.jsonl"
    records = [
        {"resume_id": name, "version": 7, "text": text, "meta": {"country": country, "years": place}}
        for place, (name, _, text, country) in enumerate(RESUMES)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def remote(
    opensearch_server: Server, opensearch_index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, ...]:
    """Options of a home whose resumes are on the server."""
    monkeypatch.setenv("SHORTLIST_OPENSEARCH_INDEX", opensearch_index)
    return ("--home", str(tmp_path / "remote"), "--opensearch", opensearch_server.url)


@pytest.mark.opensearch
def test_same_answers_as_the_embedded_index(
    shortlist: Shortlist, remote: tuple[str, ...], dump: Path, tmp_path: Path
) -> None:
    local = ("--home", str(tmp_path / "local"))
    for place in (remote, local):
        assert "written=5" in shortlist("index", str(dump), *place).err
        assert "unchanged=5" in shortlist("index", str(dump), *place).err
        assert shortlist("verify", *place).code == 0
    assert shortlist("stats", *remote).records[0]["resumes"] == 5

    for extra in ((), ("--filter", "country=GB"), ("--filter", "years>=2", "--filter", "country!=FR")):
        query = ("search", "intensive care nurse, ventilated patients", "-k", "3", *extra)
        found = shortlist(*query, *remote).records
        assert found
        assert found == shortlist(*query, *local).records
    best = shortlist("search", "intensive care nurse, ventilated patients", *remote).records
    assert {best[0]["resume_id"], best[1]["resume_id"]} == {"nurse-en", "nurse-de"}
    assert "ventilated" in json.dumps(best)

    assert shortlist("rebuild", *remote).code == 0
    assert shortlist("search", "truck driver", "-k", "1", *remote).records[0]["resume_id"] == "driver-en"


@pytest.mark.opensearch
def test_a_home_knows_where_its_resumes_are(
    shortlist: Shortlist, remote: tuple[str, ...], dump: Path, tmp_path: Path
) -> None:
    shortlist("index", str(dump), *remote)
    answer = shortlist("search", "nurse", "--home", str(tmp_path / "remote"))
    assert answer.code == 1
    assert "keeps its resumes in OpenSearch; give `--opensearch URL`" in answer.err


def test_server_down_at_start(shortlist: Shortlist, dump: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
    answer = shortlist("index", str(dump), "--home", str(tmp_path / "remote"), "--opensearch", url)
    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert f"OpenSearch does not answer at {url}" in answer.err
    assert "start it or correct the address" in answer.err


def test_retries_are_told_once_on_standard_error(tmp_path: Path) -> None:
    code = """
import sys
import stamina
from indexer.errors import IndexMissing
from workers.settings import Settings
from workers.wiring import open_index
try:
    open_index(Settings(home=sys.argv[1], opensearch="http://127.0.0.1:9"), None, write=False)
except IndexMissing:
    pass
tries = iter([ValueError, ValueError, None])
for attempt in stamina.retry_context(on=ValueError, wait_initial=0.01):
    with attempt:
        if fault := next(tries):
            raise fault
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr == "OpenSearch does not answer; trying again for a while\n"


def test_without_the_opensearch_package(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["opensearchpy"] = None  # as where the extra is not installed
from workers.cli import main
main()
"""
    home = tmp_path / "remote"
    home.mkdir()
    label = {"format": 1, "encoder": "made", "fingerprint": "made/1", "resumes": "opensearch"}
    (home / "index.json").write_text(json.dumps(label), encoding="utf-8")
    arguments = ["stats", "--home", str(home), "--opensearch", "http://127.0.0.1:9"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "install `shortlist[opensearch]`" in done.stderr
