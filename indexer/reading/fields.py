"""Typed fields of JSON records. Every function raises BadRecord that names the field and what it should be."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from indexer.errors import BadRecord
from indexer.reading.text import clean
from indexer.resumes import ID_BYTES, VERSIONS, MetaValue


def parse_json(data: bytes | str) -> Any:
    """Decode one JSON value. Raises BadRecord, also for NaN, and UnicodeDecodeError is told by its byte."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadRecord(f"invalid UTF-8 at byte {error.start} of the line; write it as UTF-8") from None
    except RecursionError:
        raise BadRecord("not JSON that can be read: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadRecord(f"not JSON: {error.msg} at character {error.pos}; write one JSON object a line") from None
    except ValueError as error:
        raise BadRecord(f"not JSON: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def checked_id(value: str) -> str:
    """Return an id that every store and a TREC run can hold, else raise BadRecord."""
    if not value.strip():
        raise BadRecord("the id is blank; give each record its own id")
    if value != clean(value) or "\n" in value or "\t" in value:
        raise BadRecord(f"the id {value!r} holds control or undecodable characters; rename it")
    if len(value.encode()) > ID_BYTES:
        raise BadRecord(f"the id {value[:40]!r}… is longer than {ID_BYTES} bytes; shorten it")
    return value


def record_id(record: Mapping[str, Any], *names: str) -> str | None:
    """The first of `names` that the record holds, or None."""
    for name in names:
        if (value := record.get(name)) is not None:
            if not isinstance(value, str):
                raise BadRecord(f"`{name}` is {kind_name(value)}; write it as a string")
            return checked_id(value)
    return None


def content_id(value: object) -> str:
    """A stable id for something that has none: a hash of its content."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return "sha256-" + hashlib.sha256(canonical.encode()).hexdigest()[:24]


def string(record: Mapping[str, Any], name: str) -> str | None:
    """A text field, cleaned; None when absent or null."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRecord(f"`{name}` is {kind_name(value)}; it should be a string")
    return clean(value)


def version(value: object) -> int:
    """A whole number >= 0, or an ISO 8601 timestamp in milliseconds since 1970 (UTC when it names no zone)."""
    if isinstance(value, str) and not value.isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise BadRecord(f"`version` {value[:40]!r} is neither a whole number nor an ISO 8601 timestamp") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        value = int(moment.timestamp() * 1000)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRecord(f"`version` is {kind_name(value)}; it should be a whole number, 0 or more")
    if not 0 <= value < VERSIONS:
        raise BadRecord("`version` is out of range; it should be a whole number from 0 to 2^63 - 1")
    return value


def meta(value: object, name: str = "meta") -> dict[str, MetaValue]:
    """Filterable fields: strings, finite numbers, booleans, lists of strings. Nulls are dropped."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRecord(f"`{name}` is {kind_name(value)}; it should be an object")
    return {clean(str(key)): _meta_value(item, f"{name}.{key}") for key, item in value.items() if item is not None}


def _meta_value(value: object, name: str) -> MetaValue:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(clean(item) for item in value)
    raise BadRecord(
        f"`{clean(name)}` is {kind_name(value)}; use a string, a finite number, true/false or a list of strings"
    )


def kind_name(value: object) -> str:
    """How JSON calls the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
    return f"a {type(value).__name__}"
