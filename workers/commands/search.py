"""`shortlist search`: brief in, ranking with evidence out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from indexer.briefs import Brief
from indexer.errors import BadInput, BadRecord
from indexer.reading import Rejected, brief_from_value, read_briefs
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
    filters,
    settings,
)
from workers.wiring import open_index, open_searcher, open_settings_encoder

EVIDENCE_SHOWN = 3  # requirements in a table's row; JSON has them all


def search(
    text: Annotated[str | None, typer.Argument(help="The brief as text, or - for standard input.")] = None,
    briefs: Annotated[
        str | None,
        typer.Option("--briefs", "--brief", help="A file or folder of briefs: text, JobPosting, JSON Lines, BEIR."),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Write a TREC run file here instead of printing.")] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="Resumes that stage one hands to stage two.")] = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="Resumes returned for each brief.")] = 20,
    filter: FilterOption = None,
    home: HomeOption = None,
    opensearch: OpenSearchOption = None,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Search one brief, or every brief of a file."""
    if (text is None) == (briefs is None):
        raise typer.BadParameter("give either the brief's text or --briefs FILE")
    conditions = filters(filter)
    config = settings(home=home, opensearch=opensearch, encoder=encoder, depth=depth)
    failures: list[Rejected] = []
    wanted = _briefs(text, briefs, failures)
    model = open_settings_encoder(config)
    with open_index(config, model, write=False) as handle:
        searcher = open_searcher(handle, model)
        rankings = (searcher(brief, depth=max(config.depth, k), k=k, filters=conditions) for brief in wanted)
        done = _write_run(run, rankings) if run else _print(rankings, as_json=json)
    output.counts({"briefs": done, "rejected": len(failures)})
    if failures:
        raise typer.Exit(1)


def _briefs(text: str | None, source: str | None, failures: list[Rejected]) -> Iterator[Brief]:
    """Structure each brief; one that can't be used is reported and left out."""
    items = [brief_from_value(text, origin="command line")] if text not in (None, "-") else read_briefs(source or "-")
    for item in items:
        try:
            if isinstance(item, Rejected):
                raise BadRecord(item.reason)
            yield structure_brief(item)
        except BadInput as error:
            failures.append(Rejected(item.origin, str(error)))
            output.rejected(failures[-1])


def _write_run(path: Path, rankings: Iterator[Ranking]) -> int:
    done = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for ranking in rankings:
            file.writelines(line + "\n" for line in run_lines(ranking.brief_id, ranking.items, "shortlist"))
            done += 1
    return done


def _print(rankings: Iterator[Ranking], *, as_json: bool) -> int:
    done = 0
    for ranking in rankings:
        if as_json or not output.is_terminal():
            for rank, item in enumerate(ranking.items, start=1):
                output.emit({"brief_id": ranking.brief_id, "rank": rank, **item.to_dict()})
        else:
            print_table(ranking)
        done += 1
    return done


def print_table(ranking: Ranking, console: Console | None = None) -> None:
    """A table of one ranking: place, fit, id, and the best met requirements with their words."""
    table = Table(title=f"Brief {ranking.brief_id}", show_lines=True, title_justify="left")
    for name, justify in (("#", "right"), ("fit", "right"), ("resume", "left"), ("why", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for rank, item in enumerate(ranking.items, start=1):
        table.add_row(str(rank), f"{item.fit:.2f}\n{level(item.fit)}", item.resume_id, _why(item))
    (console or Console(highlight=False, markup=False)).print(table)


def _why(item: RankedResume) -> str:
    supported = [entry for entry in item.requirements if entry.evidence]
    supported.sort(key=lambda entry: -entry.weight * entry.fit)
    return "\n".join(map(_because, supported[:EVIDENCE_SHOWN])) or "no requirement is supported"


def _because(entry: RequirementFit) -> str:
    segment = entry.evidence[0]
    return f"{_one_line(entry.requirement)}  [{entry.fit:.2f}]\n  ← “{_one_line(segment.text)}” ({segment.section})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
