"""OpenSearch down at start, and killed in the middle of the work: a real node, really killed."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.errors import StoreUnavailable
from indexer.stores import LexicalQuery, Outcome, StoredResume
from indexer.stores.opensearch import OpenSearchStore
from indexer.stores.opensearch_lexical import OpenSearchLexical
from tests.services.node import Node

Make = Callable[..., StoredResume]

BATCH = 40


def test_down_at_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(StoreUnavailable) as failure:
        OpenSearchStore(f"http://user:secret@127.0.0.1:{port}", index="resumes", encoder="made", create=True)
    message = str(failure.value)
    assert f"http://127.0.0.1:{port}" in message
    assert "start it or correct the address" in message
    assert "\n" not in message
    assert "secret" not in message


@pytest.mark.opensearch
def test_killed_in_the_middle(opensearch_node: Node, record: Make) -> None:
    """One writer waits for the server to come back, another gives up; both may be run again to the same end."""
    settings = {"index": "faults", "encoder": "made", "create": True, "settle": 0.0}
    patient = OpenSearchStore(opensearch_node.url, **settings, patience=240.0)
    hasty = OpenSearchStore(opensearch_node.url, **settings, patience=0.5)

    def batch(name: str, number: int) -> list[StoredResume]:
        return [record(f"{name}-{number}-{n}", 1, ("java", f"number {n}"), seed=n) for n in range(BATCH)]

    going, stop, reported = threading.Event(), threading.Event(), dict[str, Outcome]()

    def write() -> int:
        number = 0
        while not stop.is_set():
            records = batch("patient", number)
            outcomes = patient.put(records)
            reported.update(zip([each.resume.resume_id for each in records], outcomes, strict=True))
            number += 1
            if number == 5:
                going.set()
        return number

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            assert going.wait(60)
            opensearch_node.kill()
            for action in (
                lambda: hasty.put(batch("hasty", 0)),
                lambda: hasty.known(["a"]),
                lambda: hasty.get(["a"]),
                lambda: list(hasty.changes()),
                lambda: OpenSearchLexical(hasty).search([LexicalQuery("java")], language="en", depth=5),
            ):
                with pytest.raises(StoreUnavailable, match="does not answer") as failure:
                    action()
                assert "\n" not in str(failure.value)
            opensearch_node.start()
        finally:
            stop.set()
        batches = writing.result(240)

    try:
        assert set(reported.values()) == {Outcome.WRITTEN}
        assert len(reported) == batches * BATCH
        assert all(patient.get(list(reported)))  # what was reported as written is there
        assert {change.resume_id for change in patient.changes()} == set(reported)
        assert hasty.put(batch("hasty", 0)) == [Outcome.WRITTEN] * BATCH
        for number in range(batches):
            assert set(patient.put(batch("patient", number))) == {Outcome.UNCHANGED}
        assert len(patient) == len(hasty) == (batches + 1) * BATCH
    finally:
        patient.client.indices.delete(index="faults-000001")
        patient.close()
        hasty.close()
