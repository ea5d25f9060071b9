"""`shortlist search`: brief in, ranking with evidence out."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from indexer.briefs import RawBrief
from indexer.errors import BadInput, BadRecord, ShortlistError
from indexer.reading import Rejected, brief_from_value, read_briefs
from indexer.stores.files import write_atomically
from indexer.structure import structure_brief
from reranker.fit import level
from reranker.ranking import RankedResume, Ranking, RequirementFit
from retriever.runs import run_lines
from workers import output
from workers.commands.options import (
    EncoderOption,
    FilterOption,
    HomeOption,
    JsonOption,
    OpenSearchOption,
    check_paths,
    filters,
    settings,
    stdin,
)
from workers.wiring import open_index, open_searcher, open_settings_encoder

EVIDENCE_SHOWN = 3  # requirements in a table's row; JSON has them all


def search(
    text: Annotated[
        str | None, typer.Argument(metavar="BRIEF", help="The brief as text, or - for standard input.")
    ] = None,
    briefs: Annotated[
        str | None,
        typer.Option(
            "--briefs",
            "--brief",
            metavar="PATH",
            help="A file or folder of briefs, or - for standard input: text, JobPosting, JSON Lines, BEIR.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Write a TREC run file here, whole or not at all, instead of printing; - prints it."),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Resumes that stage one hands to stage two; never fewer than --k.  [env: SHORTLIST_DEPTH; "
            "default: 300]",
        ),
    ] = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Resumes returned for each brief.")] = 20,
    filter: FilterOption = None,
    home: HomeOption = None,
    opensearch: OpenSearchOption = None,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Search one brief, or every brief of a file, and say why each resume has its place.

    One JSON line for each resume, best first: brief_id, rank, resume_id, score, fit (0 to 1), level, evidence.
    A brief that can't be used is reported and left out, and makes the exit code 1.
    """
    if (text is None) == (briefs is None):
        raise typer.BadParameter("give either the brief's text or --briefs PATH", param_hint="BRIEF")
    source = briefs if text is None else "-" if text == "-" else None
    if source is not None:
        check_paths([source], "--briefs")
    if run is not None and not run.parent.is_dir():
        raise typer.BadParameter(f"no folder {str(run.parent)!r} to write the run into", param_hint="--run")
    conditions = filters(filter)
    config = settings(home=home, opensearch=opensearch, encoder=encoder, depth=depth)
    model = open_settings_encoder(config)
    counts = {"briefs": 0, "resumes": 0, "rejected": 0}
    with open_index(config, model, write=False) as handle, output.Bar("briefs searched", shown=run is not None) as bar:
        searcher = open_searcher(handle, model)

        def rank(item: RawBrief) -> Ranking:
            return searcher(structure_brief(item), depth=config.depth, k=k, filters=conditions)

        rankings = _rankings(_items(text, source), rank, counts)
        if run is None:
            _print(rankings, as_json=json)
        else:
            _write_run(run, rankings, bar)
    output.counts(counts)
    if counts["rejected"]:
        raise typer.Exit(1)


def _items(text: str | None, source: str | None) -> Iterator[RawBrief | Rejected]:
    """The briefs of `source`, or the one that is `text`."""
    if source is not None:
        yield from read_briefs(source, stdin=stdin())
        return
    origin = "command line"
    try:
        yield brief_from_value(text or "", origin=origin)
    except BadInput as error:
        yield Rejected(origin, str(error))


def _rankings(
    items: Iterable[RawBrief | Rejected], rank: Callable[[RawBrief], Ranking], counts: dict[str, int]
) -> Iterator[Ranking]:
    """Rank each brief and count; one that can't be used is reported and left out."""
    for item in items:
        try:
            if isinstance(item, Rejected):
                raise BadRecord(item.reason)
            ranking = rank(item)
        except BadInput as error:
            output.rejected(Rejected(item.origin, str(error)))
            counts["rejected"] += 1
        else:
            counts["briefs"] += 1
            counts["resumes"] += len(ranking.items)
            yield ranking


def _write_run(path: Path, rankings: Iterable[Ranking], bar: output.Bar) -> None:
    """Write all rankings, or nothing."""
    lines: dict[str, list[str]] = {}
    for ranking in rankings:
        brief_id = ranking.brief_id
        if brief_id in lines:
            raise ShortlistError(
                f"no run is written: two briefs have the id {brief_id!r}; give each its own id, or leave --run out"
            )
        try:
            lines[brief_id] = list(run_lines(brief_id, ranking.items, "shortlist"))
        except ValueError as error:
            raise ShortlistError(
                f"no run is written, brief {brief_id!r}: {error}, or leave --run out (JSON Lines carry any id)"
            ) from None
        bar.show(len(lines))
    text = "".join(line + "\n" for entry in lines.values() for line in entry)
    if path == Path("-"):
        sys.stdout.write(text)
        return
    try:
        if path.exists() and not path.is_file():  # a pipe or a device, which a rename would replace
            path.write_text(text, encoding="utf-8")
        else:
            write_atomically(path.resolve(), text)
    except OSError as error:
        raise ShortlistError(
            f"cannot write the run {str(path)!r}: {error.strerror}; check free space (df) and rights there"
        ) from None


def _print(rankings: Iterable[Ranking], *, as_json: bool) -> None:
    for ranking in rankings:
        if as_json or not output.is_terminal():
            for rank, item in enumerate(ranking.items, start=1):
                output.emit({"brief_id": ranking.brief_id, "rank": rank, **item.to_dict()})
        else:
            print_table(ranking)


def print_table(ranking: Ranking, console: Console | None = None) -> None:
    """A table of one ranking: place, fit, id, and the best met requirements with their words."""
    table = Table(title=f"Brief {ranking.brief_id}", show_lines=True, title_justify="left")
    for name, justify in (("#", "right"), ("fit", "right"), ("resume", "left"), ("why", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for rank, item in enumerate(ranking.items, start=1):
        table.add_row(str(rank), f"{item.fit:.2f}\n{level(item.fit)}", item.resume_id, _why(item))
    if not ranking.items:
        table.add_row("", "", "no resume", "nothing is indexed, or no resume passes the filters")
    (console or output.tables()).print(table)


def _why(item: RankedResume) -> str:
    supported = [entry for entry in item.requirements if entry.evidence]
    supported.sort(key=lambda entry: -entry.weight * entry.fit)
    return "\n".join(map(_because, supported[:EVIDENCE_SHOWN])) or "no requirement is supported"


def _because(entry: RequirementFit) -> str:
    segment = entry.evidence[0]
    return f"{_one_line(entry.requirement)}  [{entry.fit:.2f}]\n  ← “{_one_line(segment.text)}” ({segment.section})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
