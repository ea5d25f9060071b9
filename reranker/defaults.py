"""The re-ranker that ships: its constants, and how they were found.

Channel weights: on the 144 judged briefs (`benchmarks/ranking.py`) every choice between 1 and 2 for each channel
ranks within .01 of these round ones; without the title it is .06 less.
Maps: logistic, least squares on the same briefs' fits and on the digits of their quoted requirements
(`benchmarks/defaults.py` prints them). They are provisional: `shortlist calibrate` will replace them.
"""

from reranker.fit import Logistic
from reranker.model import LateInteraction
from reranker.reranker import Reranker


def default_reranker() -> Reranker:
    """The untrained re-ranker with its provisional maps to [0, 1]."""
    return Reranker(
        LateInteraction(document=1.0, maxsim=2.0, title=1.0),
        fit=Logistic(slope=2.8, offset=-3.1),
        requirement_fit=Logistic(slope=9.4, offset=-2.5),
    )
