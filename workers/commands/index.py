"""`shortlist index`: read, structure, encode and store, in this process."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Self

import typer

from indexer.errors import ShortlistError
from indexer.home import Home
from indexer.indexing import Counts, index_resumes
from indexer.limits import Limits
from indexer.reading import Rejected, read_resumes
from indexer.reading.sources import STDIN
from indexer.stores.files import no_room
from workers import output
from workers.commands.options import (
    EncoderOption,
    HomeOption,
    OpenSearchOption,
    WaitOption,
    check_paths,
    settings,
    stdin,
)
from workers.wiring import open_index, open_settings_encoder

LIMITS = Limits()
Paths = Annotated[
    list[str], typer.Argument(metavar="PATH", help="Folders, files, or - for standard input.", show_default=False)
]


def index(
    paths: Paths,
    home: HomeOption = None,
    opensearch: OpenSearchOption = None,
    encoder: EncoderOption = None,
    wait: WaitOption = 0.0,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest resume that is taken.")] = LIMITS.characters,
    max_segments: Annotated[int, typer.Option(min=1, help="Most segments in one resume.")] = LIMITS.segments,
    max_file_bytes: Annotated[int, typer.Option(min=1, help="Largest document that is read.")] = LIMITS.file_bytes,
    max_line_bytes: Annotated[int, typer.Option(min=1, help="Longest line of JSON Lines.")] = LIMITS.line_bytes,
    parse_seconds: Annotated[float, typer.Option(min=0.1, help="Time for one PDF or DOCX.")] = LIMITS.parse_seconds,
    parse_bytes: Annotated[int, typer.Option(min=1, help="Memory for one PDF or DOCX.")] = LIMITS.parse_bytes,
) -> None:
    """Index resumes: text, Markdown, HTML, PDF, DOCX, JSON Resume, JSON Lines, BEIR; also .gz and .zst.

    May be interrupted and repeated: what is stored already is not encoded again, and the end is the same. What
    could not be used is listed, with the reason, in rejects.jsonl in the home, which each run writes afresh; it
    makes the exit code 1. Everything else is indexed. The last line counts: written (new or changed), unchanged,
    stale (a newer version is there), rejected, and the segments that were encoded.
    """
    check_paths(paths, "PATH")
    config = settings(home=home, opensearch=opensearch, encoder=encoder)
    _check_apart(config.home, paths)
    limits = Limits(
        file_bytes=max_file_bytes,
        characters=max_characters,
        segments=max_segments,
        line_bytes=max_line_bytes,
        parse_seconds=parse_seconds,
        parse_bytes=parse_bytes,
    )
    model = open_settings_encoder(config)
    counts = Counts()
    with open_index(config, model, write=True, wait=wait) as handle, _Rejects(config.home) as rejects:
        try:
            with output.Bar("indexing") as bar:

                def show(so_far: Counts) -> None:
                    nonlocal counts
                    counts = so_far
                    done = counts.written + counts.unchanged + counts.stale + counts.rejected
                    bar.show(done, f"{counts.segments} segments encoded, resumes")

                items = read_resumes(paths, limits=limits, stdin=stdin())
                counts = index_resumes(
                    items, store=handle.store, encoder=model, limits=limits, on_reject=rejects, on_batch=show
                )
            handle.publish()
        except (KeyboardInterrupt, ShortlistError):
            _leave(handle)
            output.note("stopped early: what is counted is stored; run the same command again to go on")
            output.counts(counts.to_dict())
            raise
    if counts.rejected:
        output.note(f"what was rejected is listed with its reasons in {config.home / 'rejects.jsonl'}")
    output.counts(counts.to_dict())
    if counts.rejected:
        raise typer.Exit(1)


def _check_apart(home: Path, paths: list[str]) -> None:
    """Refuse a home that would be read as resumes by this run or the next."""
    for path in paths:
        with suppress(ValueError):  # elsewhere
            below = home.resolve().relative_to(Path(path).resolve())
            if path != STDIN and not any(part.startswith(".") for part in below.parts):
                raise typer.BadParameter(
                    f"{str(home)!r} lies in {path!r}, which is indexed; put it elsewhere or give it a hidden name",
                    param_hint="--home",
                )


def _leave(handle: Home) -> None:
    """Make the words of what is stored searchable.

    No generation is built here: its means would be those of the part that is stored, and the run that completes
    the work would end in another state than one that was never stopped. Until then vectors are searched exactly.
    """
    with suppress(ShortlistError):  # what stopped the run is told already
        handle.lexical.catch_up(handle.store)


class _Rejects:
    """Writes `rejects.jsonl` afresh for this run, and a line for people."""

    def __init__(self, home: Path) -> None:
        self._home = home
        try:
            self._file = (home / "rejects.jsonl").open("w", encoding="utf-8")
        except OSError as error:
            raise no_room(home, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # every line was flushed, or its failure told
            self._file.close()

    def __call__(self, item: Rejected) -> None:
        output.rejected(item)
        record = {"origin": item.origin, "resume_id": item.resume_id, "reason": item.reason}
        try:
            # Ids and paths may hold halves of characters (lone surrogates), which only ASCII escapes can carry.
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
        except OSError as error:
            raise no_room(self._home, error) from error
