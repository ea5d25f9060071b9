"""`shortlist evaluate`: measure each stage on a BEIR folder, or run files against judgments."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from indexer.briefs import Brief
from indexer.errors import BadInput
from indexer.indexing import Counts, index_resumes
from indexer.reading import Rejected, read_briefs, read_resumes
from indexer.structure import structure_brief
from retriever.evaluation import MEASURES, load_beir_qrels, load_qrels, load_run
from retriever.evaluation import evaluate as measure
from retriever.runs import Qrels, Scored
from workers import output
from workers.commands.options import EncoderOption, JsonOption, settings
from workers.settings import Settings
from workers.wiring import open_index, open_searcher, open_settings_encoder


def evaluate(
    judged: Annotated[
        Path,
        typer.Argument(
            metavar="JUDGED",
            exists=True,
            help="A BEIR folder, whose stages are measured, or a file of judgments (TREC or BEIR) with --run.",
        ),
    ],
    run: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="A TREC run to measure against JUDGED; repeat for more."),
    ] = None,
    split: Annotated[str, typer.Option(help="Which qrels/SPLIT.tsv of the BEIR folder.")] = "test",
    depth: Annotated[int, typer.Option(min=1, help="Resumes in each stage's list.")] = 100,
    relevant_from: Annotated[
        float | None, typer.Option(help="Least grade that AP, R, RR and P call relevant.  [default: 1, or .6 for fits]")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Keep the index here, to use it again; else it is made in a temporary folder.")
    ] = None,
    encoder: EncoderOption = None,
    json: JsonOption = False,
) -> None:
    """Measure stages or runs: AP, nDCG@10, R@100, RR, P@5, through ir-measures.

    A BEIR folder is indexed and searched, and each stage measured: lexical, dense, fused, re-ranked. Every judged
    brief counts; one that a run lacks has the value 0. Resumes that can't be used are reported and counted.
    """
    rejects: list[Rejected] = []
    if judged.is_dir():
        if run:
            raise typer.BadParameter("it goes with a file of judgments, not with a BEIR folder", param_hint="--run")
        qrels = load_beir_qrels(judged, split)
        config = settings(encoder=encoder)
        with nullcontext(home) if home is not None else TemporaryDirectory(prefix="shortlist-") as folder:
            runs = _beir_runs(judged, qrels, config.model_copy(update={"home": Path(folder)}), depth, rejects)
    else:
        if not run:
            raise typer.BadParameter("a file of judgments needs at least one run", param_hint="--run")
        if len(set(run)) < len(run):
            raise typer.BadParameter("one run is given twice", param_hint="--run")
        qrels = load_qrels(judged)
        runs = {str(path): dict(load_run(path)) for path in run}
    means = {name: measure(qrels, entry, relevant_from=relevant_from).means for name, entry in runs.items()}
    _report(means, as_json=json)
    output.counts({"briefs": len(qrels), "judgments": sum(map(len, qrels.values())), "rejected": len(rejects)})
    if rejects:
        raise typer.Exit(1)


def _beir_runs(
    folder: Path, qrels: Qrels, config: Settings, depth: int, rejects: list[Rejected]
) -> dict[str, dict[str, Sequence[Scored]]]:
    """Index the corpus, search every judged query, and return one run a stage."""
    from reranker.search import STAGES  # here, for it imports torch: see workers/wiring.py

    def reject(item: Rejected) -> None:
        rejects.append(item)
        output.rejected(item)

    config = config.model_copy(update={"opensearch": None})  # an evaluation never touches a shared cluster
    briefs = _judged_briefs(_part(folder, "queries"), qrels)
    model = open_settings_encoder(config)
    runs: dict[str, dict[str, Sequence[Scored]]] = {stage: {} for stage in STAGES}
    with open_index(config, model, write=True) as handle, output.Bar("resumes indexed") as bar:
        corpus = read_resumes([str(_part(folder, "corpus"))])

        def show(counts: Counts) -> None:
            bar.show(counts.written + counts.unchanged + counts.stale)

        index_resumes(corpus, store=handle.store, encoder=model, on_reject=reject, on_batch=show)
        handle.publish()
        searcher = open_searcher(handle, model)
        for number, brief in enumerate(briefs, start=1):
            for stage, hits in searcher.stages(brief, depth=depth).items():
                runs[stage][brief.brief_id] = hits
            bar.show(number, "briefs searched")
    return runs


def _judged_briefs(queries: Path, qrels: Qrels) -> list[Brief]:
    briefs = []
    for item in read_briefs(str(queries)):
        if isinstance(item, Rejected):
            output.rejected(item)
        elif item.brief_id in qrels:
            briefs.append(structure_brief(item))
    missing = qrels.keys() - {brief.brief_id for brief in briefs}
    if missing:
        raise BadInput(
            f"{queries}: no query for {len(missing)} judged ids, {min(missing)!r} first; add it or its qrels' split"
        )
    return briefs


def _part(folder: Path, name: str) -> Path:
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst"):
        if (path := folder / f"{name}{suffix}").is_file():
            return path
    raise BadInput(f"{folder}: no {name}.jsonl; a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv")


def _report(means: Mapping[str, Mapping[str, float]], *, as_json: bool) -> None:
    if as_json or not output.is_terminal():
        for name, values in means.items():
            output.emit({"run": name, **{measure: round(value, 6) for measure, value in values.items()}})
        return
    table = Table("", *MEASURES)
    for name, values in means.items():
        table.add_row(name, *(f"{values[measure]:.3f}" for measure in MEASURES))
    output.tables().print(table)
