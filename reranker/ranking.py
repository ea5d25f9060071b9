"""Stage two's answer: order, fit and the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from indexer.briefs import RequirementKind
from indexer.resumes import SectionKind
from reranker.fit import level


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment that supports a requirement: `text == resume.text[start:end]`, and its cosine to it."""

    text: str
    section: SectionKind
    start: int
    end: int
    similarity: float


@dataclass(frozen=True, slots=True)
class RequirementFit:
    """How far one requirement is met, in [0, 1], and by which segments, best first.

    `evidence` is empty when no segment supports the requirement.
    """

    requirement: str
    kind: RequirementKind
    weight: float
    fit: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RankedResume:
    """One place of a ranking. `score` orders; `fit` is its monotone map to [0, 1]."""

    resume_id: str
    score: float
    fit: float
    requirements: tuple[RequirementFit, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; numbers have at most six places."""
        return {
            "resume_id": self.resume_id,
            "score": round(self.score, 6),
            "fit": round(self.fit, 6),
            "level": level(self.fit),
            "evidence": [requirement_to_dict(entry) for entry in self.requirements],
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """The resumes for one brief, best first; equal scores are ordered by id."""

    brief_id: str
    items: tuple[RankedResume, ...]

    def top(self, k: int) -> "Ranking":
        """The first `k` places."""
        return Ranking(self.brief_id, self.items[:k])


def order(items: Sequence[RankedResume]) -> tuple[RankedResume, ...]:
    """Best first, ties by id, whatever the order of arrival."""
    return tuple(sorted(items, key=lambda item: (-item.score, item.resume_id)))


def requirement_to_dict(entry: RequirementFit) -> dict[str, Any]:
    """JSON-able form of one requirement's fit and evidence."""
    return {
        "requirement": entry.requirement,
        "kind": entry.kind.value,
        "weight": round(entry.weight, 6),
        "fit": round(entry.fit, 6),
        "segments": [
            {
                "text": segment.text,
                "section": segment.section.value,
                "start": segment.start,
                "end": segment.end,
                "similarity": round(segment.similarity, 6),
            }
            for segment in entry.evidence
        ],
    }
