"""`shortlist score`: pairs of brief and resume in, fit and evidence out; needs no index."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from indexer.briefs import Brief
from indexer.errors import BadInput, BadRecord
from indexer.limits import Limits
from indexer.reading import brief_from_value, resume_from_value
from indexer.reading.fields import parse_json
from indexer.reading.streams import Line, Stream
from indexer.resumes import Resume
from indexer.structure import structure_brief, structure_resume
from workers import output
from workers.commands.options import EncoderOption, check_paths, settings, stdin
from workers.wiring import open_scorer, open_settings_encoder

if TYPE_CHECKING:
    from reranker.scoring import PairScorer

CHUNK = 64  # pairs in which a repeated resume is encoded once
LIMITS = Limits()
ANSWER = ("fit", "evidence", "error")  # what a line had under these names before is not kept


def score(
    pairs: Annotated[
        str,
        typer.Argument(metavar="PAIRS", help='JSON Lines of {"brief": …, "resume": …}, or - for standard input.'),
    ] = "-",
    encoder: EncoderOption = None,
) -> None:
    """Score pairs of brief and resume; no index is needed.

    Both may be a text or an object: a JobPosting, a JSON Resume, or what a line of JSON Lines may hold. Each line
    comes back in its place with all its keys in their order, and `fit` (0 to 1) and `evidence` (a fit and the
    supporting segments for each requirement) added at its end. A line that can't be scored gets `error` instead,
    and makes the exit code 1. A line that has keys with these three names already loses them. The result of a
    line depends on no other line. It differs a little from the same pair's fit in `search`, which centres vectors
    by the means of the index, where `score` has only the means that ship with the encoder.
    """
    check_paths([pairs], "PAIRS")
    name = "stdin" if pairs == "-" else pairs
    scorer = open_scorer(open_settings_encoder(settings(encoder=encoder)))
    scored = failed = 0
    damage: BadInput | None = None
    with _open(pairs) as file:
        lines = _lines(file)
        while damage is None:
            chunk: list[Line] = []
            try:
                chunk.extend(islice(lines, CHUNK))
            except BadInput as error:  # a truncated archive; what came before it is scored
                damage = error
            if not chunk:
                break
            for record in _score_chunk(chunk, name, scorer):
                output.emit(record)
                failed += "error" in record
                scored += "error" not in record
    if damage is not None:
        output.note(f"{name}: {damage}")
    output.counts({"scored": scored, "failed": failed})
    if failed or damage is not None:
        raise typer.Exit(1)


def _open(pairs: str) -> AbstractContextManager[BinaryIO]:
    if pairs != "-":
        return Path(pairs).open("rb")
    source = stdin()
    assert source is not None  # else check_paths had refused
    return nullcontext(source)


def _lines(file: BinaryIO) -> Iterator[Line]:
    for line in Stream(file).lines(LIMITS.line_bytes):
        if line.data is None or line.data.strip():
            yield line


def _score_chunk(chunk: list[Line], name: str, scorer: "PairScorer") -> Iterator[dict[str, Any]]:
    """The chunk's records in order, those that can be scored with fit and evidence, the others with an error."""
    records: list[dict[str, Any]] = []
    pairs: list[tuple[Brief, Resume]] = []
    scorable: list[dict[str, Any]] = []
    for line in chunk:
        origin = f"{name}:{line.number}"
        record: dict[str, Any] = {}
        records.append(record)
        try:
            given = _object(line)
            record.update((key, value) for key, value in given.items() if key not in ANSWER)
            pairs.append(_pair(record, origin))
            scorable.append(record)
        except BadInput as error:
            record["error"] = str(error)
            output.note(f"{origin}: {error}")
    for record, item in zip(scorable, scorer(pairs), strict=True):
        fields = item.to_dict()
        record["fit"], record["evidence"] = fields["fit"], fields["evidence"]
    yield from records


def _object(line: Line) -> Mapping[str, Any]:
    if line.data is None:
        raise BadRecord(f"a line of more than {LIMITS.line_bytes:,} bytes; shorten it")
    value = parse_json(line.data)
    if not isinstance(value, dict):
        raise BadRecord("no object; write one object with `brief` and `resume` a line")
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise BadRecord("a number too large for JSON readers, such as 1e400; write it as a string") from None
    return value


def _pair(record: Mapping[str, Any], origin: str) -> tuple[Brief, Resume]:
    for name in ("brief", "resume"):
        if not isinstance(record.get(name), str | dict):
            raise BadRecord(f"`{name}` is lacking, or neither a text nor an object; give both")
    with _about("brief"):
        brief = structure_brief(brief_from_value(record["brief"], origin=origin))
    with _about("resume"):
        resume = structure_resume(resume_from_value(record["resume"], origin=origin))
    return brief, resume


@contextmanager
def _about(name: str) -> Iterator[None]:
    try:
        yield
    except BadInput as error:
        raise BadRecord(f"`{name}`: {error}") from None
