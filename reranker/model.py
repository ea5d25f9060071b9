"""Late interaction between a brief's requirements and a resume's segments.

The zero-shot form of the re-ranker: nothing is learned, three channels are weighed. For requirement vectors q_i with
weights w_i, segment vectors k_j and the title's vector t, all centred by language and of unit length,

    best_i = max_j q_i . k_j                                    the requirement's best segment
    score  = a * cos(mean q, mean k) + b * sum_i w_i best_i / sum_i w_i + c * cos(t, mean k)

MaxSim after Khattab and Zaharia, "ColBERT" (SIGIR 2020), over segments instead of tokens.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from retriever.similarity import LOWEST


@dataclass(frozen=True, slots=True)
class Interaction:
    """What the model says of `b` resumes: `score` [b], `best` [b, n], and for each requirement the `t` nearest
    segments, equal ones in text order: `similarity` [b, n, t], `segment` [b, n, t] (padding is -inf)."""

    score: Tensor
    best: Tensor
    similarity: Tensor
    segment: Tensor


class LateInteraction(nn.Module):
    """Scores a micro-batch of resumes against one brief. A resume's score depends on nothing but the two."""

    def __init__(self, document: float, maxsim: float, title: float) -> None:
        super().__init__()
        self.register_buffer("channels", torch.tensor([document, maxsim, title]))

    channels: Tensor

    def forward(
        self, requirements: Tensor, weights: Tensor, title: Tensor, segments: Tensor, mask: Tensor, nearest: int = 3
    ) -> Interaction:
        """Compare `requirements` [n, d] (n >= 1), their `weights` [n] and the `title` [d] with `segments` [b, m, d].

        `mask` [b, m] is true where there is a segment; a masked one is -inf before every maximum.
        """
        # Six places: the shape of a batch changes a product by 1e-7, which must not order equal segments.
        similarity = torch.einsum("nd,bmd->bnm", requirements, segments).round(decimals=6)
        similarity = similarity.masked_fill(~mask[:, None, :], -torch.inf)
        near, index = (part[..., :nearest] for part in similarity.sort(dim=-1, descending=True, stable=True))
        best = near[..., 0].clamp_min(LOWEST)

        document = normalize((segments * mask[..., None]).sum(dim=1), dim=-1)
        brief = normalize(requirements.sum(dim=0), dim=-1)
        empty = ~mask.any(dim=1)
        share = weights / weights.sum()
        channels = torch.stack(
            [
                (document @ brief).masked_fill(empty, LOWEST),
                best @ share,
                (document @ title).masked_fill(empty, LOWEST),
            ],
            dim=-1,
        )
        return Interaction(channels @ self.channels, best, near, index)
