"""Filters on a resume's language and meta fields, written `country=FR`, `years>=5`, `country!=FR`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from indexer.errors import BadFilter
from indexer.resumes import MetaValue

Operator = Literal["=", "!=", ">=", "<=", ">", "<"]

_EXPRESSION = re.compile(r"\s*(?P<field>[\w.-]+)\s*(?P<operator>>=|<=|!=|=|>|<)\s*(?P<value>.*\S)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. `=` and `!=` compare strings with any of `values`; the others compare numbers.

    A resume without the field fails every condition but `!=`. A list field matches when one member does.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]

    @classmethod
    def parse(cls, expression: str) -> "Filter":
        """Parse `field=value`, `field=a,b` (any of), `field!=value`, `field>=number` and the like."""
        match = _EXPRESSION.fullmatch(expression)
        if match is None:
            raise BadFilter(
                f"filter {expression!r} does not parse; write field=value, field=a,b, field!=value or field>=5"
            )
        operator = match["operator"]
        assert operator in get_args(Operator)
        values = tuple(value.strip() for value in match["value"].split(","))
        if operator in (">=", "<=", ">", "<") and (len(values) != 1 or as_number(values[0]) is None):
            raise BadFilter(f"filter {expression!r} compares with {match['value']!r}, which is not a number")
        return cls(match["field"], operator, values)  # type: ignore[arg-type]

    def matches(self, meta: Mapping[str, MetaValue]) -> bool:
        """Say whether a resume with these fields passes. Callers add `language` to `meta`."""
        held = meta.get(self.field)
        members: Sequence[MetaValue] = held if isinstance(held, tuple) else () if held is None else (held,)
        match self.operator:
            case "=":
                return any(as_keyword(member) in self.values for member in members)
            case "!=":
                return not any(as_keyword(member) in self.values for member in members)
        bound = float(self.values[0])
        numbers = [number for member in members if (number := as_number(member)) is not None]
        match self.operator:
            case ">=":
                return any(number >= bound for number in numbers)
            case "<=":
                return any(number <= bound for number in numbers)
            case ">":
                return any(number > bound for number in numbers)
            case "<":
                return any(number < bound for number in numbers)


def as_keyword(value: MetaValue) -> str:
    """The string that `=` compares: `true`/`false` for booleans, the shortest form for numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def as_number(value: MetaValue) -> float | None:
    """The number that `<` and the like compare; None for booleans and for text that is no number."""
    try:
        return None if isinstance(value, (bool, tuple)) else float(value)
    except (ValueError, OverflowError):  # OverflowError: an integer of more than 308 digits
        return None
