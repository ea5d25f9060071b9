"""Late interaction between a brief's requirements and a resume's segments.

The zero-shot form of the re-ranker: no learned weights but four channel weights. For requirement vectors q_i and
segment vectors k_j, all centred by language and of unit length,

    best_i   = max_j q_i . k_j                      the requirement's best segment
    score    = a * cos(mean q, mean k) + b * mean_i best_i + c * weighted mean_i best_i + d * cos(title, mean k)

MaxSim after Khattab and Zaharia, "ColBERT" (SIGIR 2020), over segments instead of tokens.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

LOWEST = -1.0  # the cosine of opposite vectors: what a resume without segments scores in every channel


@dataclass(frozen=True, slots=True)
class Interaction:
    """What the model says of `b` resumes: `score` [b], `best` [b, n], and for each requirement the `t` nearest
    segments: `similarity` [b, n, t] and `segment` [b, n, t] (padding has similarity -inf)."""

    score: Tensor
    best: Tensor
    similarity: Tensor
    segment: Tensor


class LateInteraction(nn.Module):
    """Scores a micro-batch of resumes against one brief. A resume's score depends on nothing but the two."""

    def __init__(self, document: float, maxsim: float, weighted_maxsim: float, title: float) -> None:
        super().__init__()
        self.register_buffer("channels", torch.tensor([document, maxsim, weighted_maxsim, title]))

    channels: Tensor

    def forward(
        self, requirements: Tensor, weights: Tensor, title: Tensor, segments: Tensor, mask: Tensor, nearest: int = 3
    ) -> Interaction:
        """Compare `requirements` [n, d] (n >= 1), their `weights` [n] and the `title` [d] with `segments` [b, m, d].

        `mask` [b, m] is true where there is a segment; a masked one is -inf before every maximum.
        """
        similarity = torch.einsum("nd,bmd->bnm", requirements, segments)
        similarity = similarity.masked_fill(~mask[:, None, :], -torch.inf)
        near, index = similarity.topk(min(nearest, similarity.shape[-1]), dim=-1)
        best = near[..., 0].clamp_min(LOWEST)

        document = normalize((segments * mask[..., None]).sum(dim=1), dim=-1)
        brief = normalize(requirements.sum(dim=0), dim=-1)
        empty = ~mask.any(dim=1)
        share = weights / weights.sum()
        channels = torch.stack(
            [
                (document @ brief).masked_fill(empty, LOWEST),
                best.mean(dim=1),
                best @ share,
                (document @ title).masked_fill(empty, LOWEST),
            ],
            dim=-1,
        )
        return Interaction(channels @ self.channels, best, near, index)
