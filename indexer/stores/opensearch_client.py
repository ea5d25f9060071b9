"""The connection to an OpenSearch server, and its failures in Shortlist's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import NotFoundError, SSLError, TransportError

from indexer.errors import IndexMissing, StoreUnavailable

REQUEST_SECONDS = 30.0  # one request; a bulk of 10 MB takes a second or two
TRANSIENT_STATUS = frozenset({429, 502, 503, 504})  # overloaded, or no shard is up yet after a restart


def connect(url: str) -> OpenSearch:
    """A client for `http[s]://[user:password@]host[:port]`. Says nothing to the server yet."""
    return OpenSearch(url, timeout=REQUEST_SECONDS, max_retries=2, http_compress=True)


def transient(error: Exception) -> bool:
    """Say whether the same request may succeed a little later."""
    if isinstance(error, NoConnection):
        return not isinstance(error, SSLError)
    return isinstance(error, TransportError) and error.status_code in TRANSIENT_STATUS


@contextmanager
def answers(url: str, index: str) -> Iterator[None]:
    """Turn what the client raises into StoreUnavailable, or IndexMissing when the index is not there."""
    try:
        yield
    except NotFoundError as error:
        raise missing(url, index) from error
    except NoConnection as error:
        raise StoreUnavailable(
            f"OpenSearch does not answer at {shown(url)} ({type(error.info).__name__}); start it or correct the "
            "address, then run again: what was confirmed is kept"
        ) from error
    except TransportError as error:
        raise StoreUnavailable(
            f"OpenSearch at {shown(url)} refuses a request on {index!r} with {error.status_code}: {_reason(error)}; "
            "look at its log, disk and rights, then run again: what was confirmed is kept"
        ) from error


def missing(url: str, index: str) -> IndexMissing:
    """The error for an alias that points at nothing."""
    return IndexMissing(
        f"alias {index!r} points at no index on OpenSearch at {shown(url)}; make one with `shortlist index`"
    )


def shown(url: str) -> str:
    """`url` without its user and password, fit for a message."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _reason(error: TransportError) -> str:
    cause = error.info.get("error") if isinstance(error.info, dict) else None
    text = cause.get("reason") if isinstance(cause, dict) else cause
    return " ".join(str(text or error.error).split())[:300]
