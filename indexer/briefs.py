"""The query side: a brief (job posting, project brief, search request) made of requirements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RequirementKind(StrEnum):
    """How much a requirement binds. `CONTEXT` describes the employer or the offer and weighs little."""

    MUST = "must"
    NICE = "nice"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand of a brief. `text == brief.text[start:end]` when the offsets are given, else they are None."""

    text: str
    kind: RequirementKind = RequirementKind.MUST
    weight: float = 1.0  # > 0, relative to the brief's other requirements
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What somebody looks for. `brief_id` is the query id of a TREC run."""

    brief_id: str
    text: str
    language: str  # ISO 639-1 or "und"
    requirements: tuple[Requirement, ...]
    title: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawBrief:
    """A brief as a reader hands it over. `requirements` is given when the source lists them itself."""

    brief_id: str
    text: str
    origin: str
    title: str = ""
    requirements: tuple[Requirement, ...] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
