"""pytest's side of the servers: one for the whole session, started when first asked for.

On CI (`CI=true`) no test of the `opensearch` lane may be skipped: a skip is turned into a failure.
"""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from tests.services.assemble import Unavailable
from tests.services.node import Node
from tests.services.server import Server, find_server, local_node

_USED = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def opensearch_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A real OpenSearch server; the test is skipped when none can be had."""
    try:
        server = find_server()
    except Unavailable as error:
        request.config.stash[_USED] = f"none; {error}"
        pytest.skip(f"no OpenSearch: {error}")
    request.config.stash[_USED] = server.how
    yield server
    server.close()


@pytest.fixture
def opensearch_index(opensearch_server: Server) -> Iterator[str]:
    """An index name of the test's own; whatever begins with it is deleted afterwards."""
    name = f"test-{uuid4().hex[:12]}"
    yield name
    with OpenSearch(opensearch_server.url) as client:
        client.indices.delete(index=f"{name}*", params={"ignore_unavailable": "true"})


@pytest.fixture(scope="session")
def _own_node(opensearch_server: Server) -> Iterator[Node]:
    if opensearch_server.node is not None:
        yield opensearch_server.node
        return
    try:
        node = local_node()  # the server is somebody else's: not ours to kill
    except Unavailable as error:
        pytest.skip(f"no OpenSearch node that a test may kill: {error}")
    yield node
    node.close()


@pytest.fixture
def opensearch_node(_own_node: Node) -> Iterator[Node]:
    """A running node that the test may stop, kill and start; it runs again afterwards, with its data."""
    _own_node.ensure()
    yield _own_node
    _own_node.ensure()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used = config.stash.get(_USED, None)
    if used is not None:
        terminalreporter.write_line(f"OpenSearch: {used}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],  # noqa: ARG001 (pytest passes by name)
) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.skipped and not hasattr(report, "wasxfail") and on_ci() and item.get_closest_marker("opensearch"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI may not skip a test that needs OpenSearch. {reason}"
    return report  # type: ignore[return-value]


def on_ci() -> bool:
    """Say whether this is a run on a CI machine."""
    return os.environ.get("CI", "").lower() in ("1", "true")
