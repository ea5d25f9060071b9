"""A brief as vectors: encoded once, used by dense recall, by fusion and again by the re-ranker."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from indexer.briefs import Brief, Requirement
from indexer.centring import LanguageMeans
from indexer.encoders import Encoder
from indexer.errors import BadRecord
from indexer.vectors import FloatMatrix, Vector, mean_direction


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBrief:
    """A brief and its vectors. All but `raw` are centred for the brief's language and of unit length.

    `requirements` are the brief's own, or its title (else its whole text) where it lists none; they belong to
    the rows of `raw` and `vectors`, float32 `[n, dim]`, and to `weights`, float32 `[n]`; `n >= 1`. `document`
    `[dim]` is their mean direction, `title` `[dim]` the title's vector; for a brief without a title it is that of all
    requirements read as one text, which ranks better than leaving it out (`benchmarks/results/ranking.md`).
    """

    brief: Brief
    requirements: tuple[Requirement, ...]
    raw: FloatMatrix
    vectors: FloatMatrix
    weights: Vector
    document: Vector
    title: Vector


class BriefEncoder:
    """Encodes briefs; the encoder's output is kept for the `cached` briefs used last, by their exact texts.

    Encoding a brief costs as much as re-ranking 100 resumes. Safe to call from several threads if the encoder is.
    """

    def __init__(self, encoder: Encoder, *, cached: int = 64) -> None:
        @lru_cache(maxsize=cached)
        def encode(texts: tuple[str, ...]) -> FloatMatrix:
            vectors = encoder.encode(texts, "query")
            vectors.flags.writeable = False  # the array is shared by every later call with these texts
            return vectors

        self._encode = encode

    def __call__(self, brief: Brief, means: LanguageMeans) -> EncodedBrief:
        """Encode `brief` and centre by `means`. Raises BadRecord for a brief that holds no words."""
        requirements = _requirements(brief)
        texts = [requirement.text for requirement in requirements]
        title = brief.title.strip() or "\n".join(texts)
        raw = self._encode((*texts, title))
        centred = means.centre(raw, brief.language, "query")
        vectors = centred[: len(texts)]
        return EncodedBrief(
            brief=brief,
            requirements=requirements,
            raw=raw[: len(texts)],
            vectors=vectors,
            weights=np.array([requirement.weight for requirement in requirements], dtype=np.float32),
            document=mean_direction(vectors),
            title=centred[-1],
        )


def _requirements(brief: Brief) -> tuple[Requirement, ...]:
    held: Sequence[Requirement] = [entry for entry in brief.requirements if entry.text.strip()]
    if held:
        return tuple(held)
    text = brief.title.strip() or brief.text.strip()
    if not text:
        raise BadRecord(f"brief {brief.brief_id!r} holds no words; give it a title, a text or requirements")
    return (Requirement(text),)
