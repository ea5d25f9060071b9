"""Measures of a run against judgments, all of them computed by ir-measures with trec_eval's code (pytrec_eval)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import ir_measures
from ir_measures.measures import Measure

from indexer.errors import BadInput
from retriever.runs import Qrels, Run, RunHit, read_qrels, read_run, strictly_descending

T = TypeVar("T")

MEASURES = ("AP", "nDCG@10", "R@100", "RR", "P@5")

_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`means` by measure, and the values behind them, `by_brief[brief_id][measure]`.

    Every judged brief counts: one that the run lacks has the value 0, and so has one without a relevant resume,
    as in `trec_eval -c`. Briefs of the run that nobody judged are left out.
    """

    means: dict[str, float]
    by_brief: dict[str, dict[str, float]]


def evaluate(
    qrels: Qrels, run: Run, measures: Sequence[str] = MEASURES, *, relevant_from: float | None = None
) -> Evaluation:
    """Measure `run` against `qrels`. Measures are written as ir-measures writes them: `AP`, `nDCG@10`, `R@100`.

    A grade of at least `relevant_from`, in the judgments' own units, counts as relevant where a measure knows
    only relevant or not (AP, R, RR, P); without it that is 1 for whole grades and 0.6, the level *plausible*,
    for fits in [0, 1]. nDCG uses the grades themselves as gains and doesn't know the threshold.

    trec_eval takes whole grades only, so grades with fractions are counted in thousandths (nDCG does not change
    with the unit). Raises BadInput when there is no judgment, for a measure that trec_eval does not compute, and
    for a threshold at or below 0.
    """
    qrels = {brief_id: judged for brief_id, judged in qrels.items() if judged}
    if not qrels:
        raise BadInput("there are no judgments to measure against")
    fractions = any(grade != int(grade) for judged in qrels.values() for grade in judged.values())
    unit = _THOUSANDTHS if fractions else 1
    threshold = relevant_from if relevant_from is not None else 0.6 if fractions else 1.0
    least = math.ceil(round(threshold * unit, 6))
    if least < 1:
        raise BadInput(f"relevant_from={threshold:g} would call unrelated resumes relevant; give a grade above 0")

    parsed = {name: _parse(name, least) for name in measures}
    aggregated, per_brief = ir_measures.pytrec_eval.calc(
        set(parsed.values()),
        [
            ir_measures.Qrel(brief_id, resume_id, round(grade * unit))
            for brief_id, judged in qrels.items()
            for resume_id, grade in judged.items()
        ],
        [
            ir_measures.ScoredDoc(brief_id, resume_id, score)
            for brief_id, hits in run.items()
            for resume_id, score in strictly_descending(hits)
        ],
    )
    assert isinstance(aggregated, dict)
    values = {(metric.query_id, metric.measure): float(metric.value) for metric in per_brief}
    return Evaluation(
        {name: float(aggregated[measure]) for name, measure in parsed.items()},
        {brief_id: {name: values[brief_id, measure] for name, measure in parsed.items()} for brief_id in qrels},
    )


def load_qrels(path: Path) -> dict[str, dict[str, float]]:
    """Read a TREC or BEIR file of judgments. Raises BadInput, naming file and line, when it can't be used."""
    return _load(read_qrels, path, "give a TREC or BEIR file of judgments")


def load_beir_qrels(folder: Path, split: str = "test") -> dict[str, dict[str, float]]:
    """Read `qrels/SPLIT.tsv` of a BEIR folder. Raises BadInput, naming the splits there are, when it is lacking."""
    path = folder / "qrels" / f"{split}.tsv"
    if not path.is_file():
        there = ", ".join(sorted(entry.stem for entry in path.parent.glob("*.tsv"))) or "none"
        raise BadInput(f"{path}: no such file; a BEIR folder keeps judgments in qrels/SPLIT.tsv (splits here: {there})")
    return load_qrels(path)


def load_run(path: Path) -> dict[str, list[RunHit]]:
    """Read a TREC run file. Raises BadInput, naming file and line, when it can't be used."""
    return _load(read_run, path, "give a TREC run file")


def _load(read: Callable[[Path], T], path: Path, remedy: str) -> T:
    try:
        return read(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except ValueError as error:
        raise BadInput(str(error)) from error


def _parse(name: str, least: int) -> Measure:
    """The measure called `name`, with `least` as its relevance threshold where it has one and names none."""
    try:
        measure = ir_measures.parse_measure(name)
        if "rel" in measure.SUPPORTED_PARAMS and "rel" not in measure.params:
            measure = measure(rel=least)
        supported = ir_measures.pytrec_eval.supports(measure)
    except (NameError, ValueError, TypeError, AssertionError) as error:
        raise BadInput(f"measure {name!r} does not parse ({error}); write AP, nDCG@10, R@100, RR or P@5") from error
    if not supported:
        raise BadInput(f"measure {name!r} is not one that trec_eval computes; write AP, nDCG@10, R@100, RR or P@5")
    return measure
