"""Which server is found, what is said about it, and that CI lets no test of the lane be skipped."""

from collections.abc import Iterator

import pytest

from tests.services import assemble
from tests.services.server import ADDRESS

CONFTEST = "pytest_plugins = ['tests.services.plugin']"
TESTS = """
import pytest

@pytest.mark.opensearch
def test_server(opensearch_server):
    assert opensearch_server.url == "http://localhost:1"

@pytest.mark.opensearch
def test_skipped_by_hand():
    pytest.skip("not today")

def test_of_another_lane():
    pytest.skip("nor this one")
"""


@pytest.fixture
def machine(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """A run with the plugin on a machine without an address, without Docker and with too old a Java."""
    pytester.makeini("[pytest]\nmarkers = opensearch: the lane")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    monkeypatch.delenv(ADDRESS, raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setattr(assemble, "JAVA_MINIMUM", 999)
    return pytester


def test_skipped_by_name_on_a_persons_machine(machine: pytest.Pytester) -> None:
    result = machine.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(
        [f"*SKIPPED*no OpenSearch: {ADDRESS} is not set; no Docker engine answers; Java 999 or newer is lacking*"]
    )
    result.stdout.fnmatch_lines(["OpenSearch: none; *Java 999*"])


def test_a_failure_on_ci(machine: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = machine.runpytest_inprocess()
    result.assert_outcomes(errors=1, failed=1, skipped=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*CI may not skip*Java 999 or newer is lacking*", "*CI may not skip*not today*"])


def test_an_address_comes_first(machine: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "http://localhost:1")
    result = machine.runpytest_inprocess()
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines([f"OpenSearch: the address in {ADDRESS}, http://localhost:1"])
