"""`shortlist score`: pairs of brief and resume in, fit and evidence out; needs no index."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from indexer.briefs import Brief
from indexer.errors import BadInput, BadRecord
from indexer.reading import brief_from_value, resume_from_value
from indexer.resumes import Resume
from indexer.structure import structure_brief, structure_resume
from reranker.scoring import PairScorer
from workers import output
from workers.commands.options import EncoderOption, settings
from workers.wiring import open_scorer, open_settings_encoder

CHUNK = 64  # pairs whose texts are encoded together


def score(
    pairs: Annotated[
        str, typer.Argument(help='JSON Lines of {"brief": …, "resume": …}, or - for standard input.')
    ] = "-",
    encoder: EncoderOption = None,
) -> None:
    """Score pairs of brief and resume, each a text or an object.

    Each line comes back with all its keys, `fit` and `evidence` added; a line that can't be scored comes back
    with `error` instead, and makes the exit code 1.
    """
    config = settings(encoder=encoder)
    if pairs != "-" and not Path(pairs).is_file():
        raise typer.BadParameter(f"no file {pairs!r}", param_hint="PAIRS")
    scorer = open_scorer(open_settings_encoder(config))
    scored = failed = 0
    with (
        nullcontext(sys.stdin) if pairs == "-" else Path(pairs).open(encoding="utf-8", errors="surrogateescape") as file
    ):
        lines = _lines(file, "stdin" if pairs == "-" else pairs)
        while chunk := list(islice(lines, CHUNK)):
            for record in _score_chunk(chunk, scorer):
                output.emit(record)
                failed += "error" in record
                scored += "fit" in record
    output.counts({"scored": scored, "failed": failed})
    if failed:
        raise typer.Exit(1)


def _lines(file: TextIO, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield f"{name}:{number}", line


def _score_chunk(chunk: list[tuple[str, str]], scorer: PairScorer) -> Iterator[dict[str, Any]]:
    """The chunk's records in order, those that can be scored with fit and evidence, the others with an error."""
    records: list[dict[str, Any]] = []
    pairs: list[tuple[Brief, Resume]] = []
    scorable: list[int] = []
    for origin, line in chunk:
        record: dict[str, Any] = {}
        try:
            record.update(_object(line))
            pairs.append(_pair(record, origin))
            scorable.append(len(records))
        except BadInput as error:
            record["error"] = str(error)
            output.errors.print(f"{origin}: {error}")
        records.append(record)
    for place, item in zip(scorable, scorer(pairs), strict=True):
        fields = item.to_dict()
        records[place]["fit"], records[place]["evidence"] = fields["fit"], fields["evidence"]
    yield from records


def _object(line: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise BadRecord(f"not JSON ({error}); write one object a line") from None
    if not isinstance(value, dict):
        raise BadRecord(f"{type(value).__name__} where an object with `brief` and `resume` belongs")
    return value


def _pair(record: Mapping[str, Any], origin: str) -> tuple[Brief, Resume]:
    for name in ("brief", "resume"):
        if not isinstance(record.get(name), str | dict):
            raise BadRecord(f"`{name}` is lacking, or neither a text nor an object")
    return (
        structure_brief(brief_from_value(record["brief"], origin=origin)),
        structure_resume(resume_from_value(record["resume"], origin=origin)),
    )
