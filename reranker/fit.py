"""From a similarity to a fit in [0, 1]: monotone maps, and the names of the six levels."""

import math
from dataclasses import dataclass

LEVELS: dict[float, str] = {
    0.0: "unrelated",
    0.2: "distant",
    0.4: "partial",
    0.6: "plausible",
    0.8: "strong",
    1.0: "excellent",
}


def level(fit: float) -> str:
    """The name of the level nearest to `fit`."""
    return LEVELS[min(LEVELS, key=lambda value: abs(value - fit))]


@dataclass(frozen=True, slots=True)
class Logistic:
    """`1 / (1 + exp(-(slope * x + offset)))` with `slope > 0`, so the order of `x` is kept."""

    slope: float
    offset: float

    def __call__(self, value: float) -> float:
        """The fit for one score; -inf gives 0."""
        exponent = -(self.slope * value + self.offset)
        return 0.0 if exponent > 700 else 1.0 / (1.0 + math.exp(exponent))
