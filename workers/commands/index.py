"""`shortlist index`: read, structure, encode and store, in this process."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from indexer.indexing import Counts, index_resumes
from indexer.limits import Limits
from indexer.reading import Rejected, read_resumes
from workers import output
from workers.commands.options import EncoderOption, HomeOption, OpenSearchOption, settings
from workers.wiring import open_index, open_settings_encoder

Paths = Annotated[list[str], typer.Argument(help="Folders, files, or - for JSON Lines on standard input.")]
WaitOption = Annotated[float, typer.Option(min=0, help="Seconds to wait for another writer of the same index.")]


def index(
    paths: Paths,
    home: HomeOption = None,
    opensearch: OpenSearchOption = None,
    encoder: EncoderOption = None,
    wait: WaitOption = 0.0,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest resume that is taken.")] = Limits().characters,
) -> None:
    """Index resumes from folders, files or standard input.

    May be interrupted and repeated: what is stored already is not encoded again. What could not be used is
    listed in rejects.jsonl in the home, with the reason, and makes the exit code 1.
    """
    config = settings(home=home, opensearch=opensearch, encoder=encoder)
    limits = Limits(characters=max_characters)
    items = read_resumes(paths, limits=limits)  # a path that does not exist fails here, before anything is loaded
    model = open_settings_encoder(config)
    with open_index(config, model, write=True, wait=wait) as handle, _rejects(config.home) as rejects, _Bar() as bar:
        counts = Counts()
        try:
            counts = index_resumes(
                items,
                store=handle.store,
                encoder=model,
                limits=limits,
                on_reject=rejects,
                on_batch=bar.show,
            )
        except KeyboardInterrupt:
            output.errors.print("stopped; what was counted is stored, run the same command again to go on")
            raise typer.Exit(1) from None
        finally:
            handle.publish()
    output.counts(counts.to_dict())
    if counts.rejected:
        output.errors.print(f"{counts.rejected} rejected, with reasons in {config.home / 'rejects.jsonl'}")
        raise typer.Exit(1)


class _rejects:  # noqa: N801  (used as a function)
    """Writes `rejects.jsonl` afresh for this run, and a line for people."""

    def __init__(self, home: Path) -> None:
        self._file = (home / "rejects.jsonl").open("w", encoding="utf-8")

    def __enter__(self) -> "_rejects":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __call__(self, item: Rejected) -> None:
        record = {"origin": item.origin, "resume_id": item.resume_id, "reason": item.reason}
        # Ids and paths may hold halves of characters (lone surrogates), which only ASCII escapes can carry.
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        output.rejected(item)


class _Bar(Progress):
    """Counts while indexing; shown on a terminal only."""

    def __init__(self) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        super().__init__(*columns, console=output.errors, disable=not output.errors.is_terminal)
        self._task = self.add_task("indexing", total=None)

    def show(self, counts: Counts) -> None:
        done = counts.written + counts.unchanged + counts.stale + counts.rejected
        self.update(self._task, completed=done, description=f"{counts.segments} segments encoded")
