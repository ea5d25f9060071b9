"""Settings to objects: which encoder, which stores, which searcher.

torch and transformers take seconds to import, so what needs them is imported when it is opened: `stats`, `--help`
and a wrong path answer at once.
"""

from typing import TYPE_CHECKING

from indexer.centring import LanguageMeans
from indexer.encoders import Encoder, open_encoder
from indexer.home import Cluster, Home
from retriever.briefs import BriefEncoder
from retriever.first_stage import FirstStage
from workers import output
from workers.settings import Settings

if TYPE_CHECKING:
    from reranker.scoring import PairScorer
    from reranker.search import Searcher


def open_settings_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name."""
    return open_encoder(
        settings.encoder,
        device=settings.device,
        precision=settings.precision,
        cache=settings.cache.expanduser(),
        threads=settings.threads,
    )


def open_index(settings: Settings, encoder: Encoder | None, *, write: bool, wait: float = 0.0) -> Home:
    """The index that the settings name; `encoder` None leaves the check of its fingerprint out (reading only)."""
    if settings.opensearch:
        _tell_first_retry()
    return Home.open(
        settings.home,
        write=write,
        encoder_name=encoder.name if encoder else None,
        encoder_fingerprint=encoder.fingerprint if encoder else None,
        cluster=Cluster(settings.opensearch, settings.opensearch_index) if settings.opensearch else None,
        wait=wait,
    )


def _tell_first_retry() -> None:
    """One line when writes begin to wait for a server that is away, in place of stamina's line for each attempt."""
    try:
        from stamina.instrumentation import RetryDetails, set_on_retry_hooks
    except ImportError:
        return  # without the extra nothing retries, and opening the index says what to install

    def tell(details: RetryDetails) -> None:
        if details.retry_num == 1:
            output.note("OpenSearch does not answer; trying again for a while")

    set_on_retry_hooks([tell])


def open_searcher(home: Home, encoder: Encoder) -> "Searcher":
    """Both stages over an open index."""
    from reranker.defaults import default_reranker
    from reranker.search import Searcher

    return Searcher(FirstStage(home.store, home.lexical, home.dense, BriefEncoder(encoder)), default_reranker())


def open_scorer(encoder: Encoder) -> "PairScorer":
    """The re-ranker on pairs, with the means that ship for `encoder`."""
    from reranker.defaults import default_reranker
    from reranker.scoring import PairScorer

    means = LanguageMeans.shipped(encoder.fingerprint, encoder.dim)
    return PairScorer(encoder, BriefEncoder(encoder), default_reranker(), means)
