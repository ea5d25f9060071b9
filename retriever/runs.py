"""Runs and relevance judgments, in TREC's and BEIR's file formats. Imports nothing but the standard library.

trec_eval ignores a run file's order and its rank column: it sorts by score, kept in single precision, and orders
equal scores by *descending* id. Reading does the same, so that a foreign run means here what it means there.
Writing makes equal scores differ by the least step that single precision has, so that every tool which reads the
file, whatever its rule for ties, sees the order that was written.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias


class Scored(Protocol):
    """Anything with an id and a score; `indexer.stores.Hit` is one."""

    @property
    def resume_id(self) -> str: ...

    @property
    def score(self) -> float: ...


class RunHit(NamedTuple):
    """One line of a run file."""

    resume_id: str
    score: float


Run: TypeAlias = Mapping[str, Sequence[Scored]]
"""For each brief id its hits, best first."""

Qrels: TypeAlias = Mapping[str, Mapping[str, float]]
"""For each brief id the judged resumes and their grades, the higher the better."""


def strictly_descending(hits: Iterable[Scored]) -> list[RunHit]:
    """Return `hits`, given best first, with single-precision scores of which no two are equal.

    A score that is not below the one before it becomes the next lower number, so the given order always holds.
    Raises ValueError for a score that is not a finite single-precision number.
    """
    result = []
    previous = math.inf
    for hit in hits:
        score = _single(hit.score)
        if not math.isfinite(score):
            raise ValueError(f"resume {hit.resume_id!r} has the score {hit.score}, which is not a finite number")
        previous = min(score, _next_below(previous))
        result.append(RunHit(hit.resume_id, previous))
    return result


def run_lines(brief_id: str, hits: Iterable[Scored], tag: str) -> Iterator[str]:
    """Yield one brief's lines `brief_id Q0 resume_id rank score tag`, without line ends, in the order of `hits`.

    Raises ValueError for an id or tag that is empty or holds white space (the format has no quotes), and for a
    score that is not finite.
    """
    for rank, hit in enumerate(strictly_descending(hits), start=1):
        for name in (brief_id, hit.resume_id, tag):
            if name.split() != [name]:
                raise ValueError(f"{name!r} is empty or holds white space, which a TREC run can't carry; rename it")
        yield f"{brief_id} Q0 {hit.resume_id} {rank} {hit.score:.9g} {tag}"


def read_run(path: Path) -> dict[str, list[RunHit]]:
    """Read a TREC run file into trec_eval's order.

    Raises ValueError, naming file and line, for a line that is not six columns, a score that is not a finite
    number, or a resume listed twice for one brief; and OSError.
    """
    run: dict[str, dict[str, float]] = {}
    for where, line in _lines(path):
        columns = line.split()
        if len(columns) != 6:
            raise ValueError(
                f"{where}: {len(columns)} columns where a TREC run has 6: query Q0 document rank score tag"
            )
        brief_id, _, resume_id, _, score, _ = columns
        hits = run.setdefault(brief_id, {})
        if resume_id in hits:
            raise ValueError(f"{where}: resume {resume_id!r} is listed twice for brief {brief_id!r}; remove one line")
        hits[resume_id] = _number(score, where, "score")
    return {brief_id: in_trec_order(RunHit(*item) for item in hits.items()) for brief_id, hits in run.items()}


def in_trec_order(hits: Iterable[RunHit]) -> list[RunHit]:
    """Best first as trec_eval sorts: by single-precision score, equal ones by descending id (as UTF-8 bytes)."""
    return sorted(hits, key=lambda hit: (_single(hit.score), hit.resume_id.encode()), reverse=True)


def read_qrels(path: Path) -> dict[str, dict[str, float]]:
    """Read judgments: TREC's `query iteration document grade`, or BEIR's tab-separated `query-id corpus-id score`
    below one header line. Grades may have fractions.

    Raises ValueError, naming file and line, for a malformed line, a resume judged twice with different grades, or
    a file without a judgment; and OSError.
    """
    qrels: dict[str, dict[str, float]] = {}
    beir: bool | None = None
    for where, line in _lines(path):
        if beir is None and (beir := line.split("\t")[:2] == ["query-id", "corpus-id"]):
            continue
        columns = line.split("\t") if beir else line.split()
        if len(columns) != (3 if beir else 4):
            wanted = (
                "3: query-id, corpus-id, score, with tabs between"
                if beir
                else "4: query iteration document grade (a BEIR file begins with the line query-id, corpus-id, score)"
            )
            raise ValueError(f"{where}: {len(columns)} columns where this file has {wanted}")
        brief_id, resume_id, grade = columns[0], columns[-2], _number(columns[-1], where, "grade")
        held = qrels.setdefault(brief_id, {}).setdefault(resume_id, grade)
        if held != grade:
            raise ValueError(f"{where}: resume {resume_id!r} of brief {brief_id!r} was judged {held:g} before")
    if not qrels:
        raise ValueError(f"{path}: no judgment in this file")
    return qrels


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield `file:number` and text of each line that is not blank."""
    with path.open("rb") as file:
        for number, data in enumerate(file, start=1):
            where = f"{path}:{number}"
            try:
                line = data.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise ValueError(f"{where}: not UTF-8 text at byte {error.start}") from error
            if line.strip():
                yield where, line


def _number(text: str, where: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(_single(value)):
        raise ValueError(f"{where}: the {what} {text!r} is not a finite number")
    return value


def _single(value: float) -> float:
    """Round to single precision; what does not fit is infinite."""
    try:
        result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return result


def _next_below(value: float) -> float:
    """The next single-precision number below `value`, itself one or +inf."""
    bits: int = struct.unpack("<i", struct.pack("<f", value))[0]
    # Positive floats grow with their bits, negative ones shrink; below both zeros lies the least negative one.
    bits = bits - 1 if value > 0 else 0x80000001 - (1 << 32) if value == 0 else bits + 1
    result: float = struct.unpack("<f", struct.pack("<i", bits))[0]
    return result
