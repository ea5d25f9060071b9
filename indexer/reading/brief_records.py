"""One JSON object or one string to a raw brief: JSON Lines record, BEIR query or JobPosting."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.briefs import RawBrief, Requirement, RequirementKind
from indexer.errors import BadRecord, UnreadableFile
from indexer.limits import Limits
from indexer.reading import fields
from indexer.reading.documents import DEFAULT_LIMITS
from indexer.reading.job_posting import is_job_posting, posting_id, read_job_posting
from indexer.reading.text import checked, clean, is_bulleted

_TITLE_CHARACTERS, _TITLE_WORDS = 120, 16
_TIGHT_TITLE_WORDS = 8  # of a first line that no blank line sets apart


def brief_from_value(value: str | Mapping[str, Any], *, origin: str, limits: Limits = DEFAULT_LIMITS) -> RawBrief:
    """Convert a text, or an object of any shape that `read_briefs` knows.

    Without an id it gets one from its content's hash. Raises BadRecord, and TooLong above `limits.characters`.
    """
    fallback_id = fields.content_id(value)
    if isinstance(value, str):
        try:
            return brief_from_text(value, origin=origin, brief_id=fallback_id, limits=limits)
        except UnreadableFile as error:
            raise BadRecord(str(error)) from None
    if not isinstance(value, Mapping):
        raise BadRecord(f"a brief is a text or an object, not {fields.kind_name(value)}")
    return brief_from_record(value, origin=origin, limits=limits, fallback_id=fallback_id)


def brief_from_text(text: str, *, origin: str, brief_id: str, limits: Limits) -> RawBrief:
    """A plain text; its first line is the title when it looks like one and more text follows.

    Raises UnreadableFile for a blank text, TooLong above `limits.characters`.
    """
    title, body = _split_title(checked(clean(text), limits).strip())
    return RawBrief(brief_id, body, origin, title)


def brief_from_record(record: Any, *, origin: str, limits: Limits, fallback_id: str | None = None) -> RawBrief:
    """Convert one decoded JSON value. Raises BadRecord or TooLong."""
    if not isinstance(record, Mapping):
        raise BadRecord(f"{fields.kind_name(record)} where an object belongs; write one JSON object a line")
    if is_job_posting(record):
        title, text = read_job_posting(record)
        found = posting_id(record)
        brief_id = fields.checked_id(found) if found else fallback_id
    else:
        title, text = fields.string(record, "title") or "", fields.string(record, "text") or ""
        if not title and record.get("requirements") is None:
            title, text = _split_title(text.strip())
        brief_id = fields.record_id(record, "brief_id", "_id", "id") or fallback_id
    if brief_id is None:
        raise BadRecord("no id: give each record a `brief_id`")
    demands = _demands(record.get("requirements"))
    if demands and not text.strip():
        text = "\n".join(demand.text for demand in demands)
    title = " ".join(title.split())
    if not text.strip() and title:
        text, title = title, ""
    if not text.strip():
        raise BadRecord("no `text` and no `requirements`: a brief needs one of them")
    return RawBrief(
        brief_id=brief_id,
        text=checked(text, limits),
        origin=origin,
        title=title,
        requirements=_placed(demands, text) if demands else None,
        meta=dict(fields.meta(record.get("meta"))),
    )


def _split_title(text: str) -> tuple[str, str]:
    first, _, rest = text.partition("\n")
    first, body = first.strip(), rest.strip("\n")
    set_apart = rest.startswith("\n") or rest[: rest.find("\n") + 1].isspace()
    words = _TITLE_WORDS if set_apart else _TIGHT_TITLE_WORDS
    is_title = (
        body.strip()
        and len(first) <= _TITLE_CHARACTERS
        and len(first.split()) <= words
        and not first.endswith((".", "!", "?", ";", ":", ","))
        and not is_bulleted(first)
    )
    return (first, body) if is_title else ("", text)


@dataclass(frozen=True, slots=True)
class _Demand:
    text: str
    kind: RequirementKind
    weight: float
    start: object


def _demands(value: object) -> list[_Demand]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(
            f"`requirements` is {fields.kind_name(value)}; use a list of strings or of {{text, kind, weight}}"
        )
    return [_demand(item, f"requirements[{number}]") for number, item in enumerate(value)]


def _demand(item: object, name: str) -> _Demand:
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, Mapping):
        raise BadRecord(f"`{name}` is {fields.kind_name(item)}; use a string or {{text, kind, weight}}")
    text = (fields.string(item, "text") or fields.string(item, "quote") or "").strip()
    if not text:
        raise BadRecord(f"`{name}` has no `text`; write what is asked for")
    kind = item.get("kind") or RequirementKind.MUST
    if kind not in tuple(RequirementKind):
        raise BadRecord(f"`{name}.kind` is {str(kind)[:40]!r}; use one of {', '.join(RequirementKind)}")
    weight = 1.0 if item.get("weight") is None else item["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not (weight > 0 and math.isfinite(weight)):
        raise BadRecord(f"`{name}.weight` should be a number above 0")
    return _Demand(text, RequirementKind(kind), float(weight), item.get("start"))


def _placed(demands: list[_Demand], text: str) -> tuple[Requirement, ...]:
    """Give each demand its offsets in `text`: the start it came with if the text is there, else where it is
    found, looking behind the one before first."""
    placed, cursor = [], 0
    for demand in demands:
        start: int | None = demand.start if type(demand.start) is int and demand.start >= 0 else None
        if start is None or not text.startswith(demand.text, start):
            found = text.find(demand.text, cursor)
            found = text.find(demand.text) if found < 0 else found
            start = found if found >= 0 else None
        end = None if start is None else start + len(demand.text)
        cursor = cursor if end is None else end
        placed.append(Requirement(demand.text, demand.kind, demand.weight, start, end))
    return tuple(placed)
