"""Find an OpenSearch server: an address in the environment, a Docker engine, or a node assembled on this machine."""

import contextlib
import gc
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from tests.services.assemble import VERSION, Unavailable, distribution, java_home
from tests.services.node import Node

ADDRESS = "SHORTLIST_TEST_OPENSEARCH"
_IMAGE = f"opensearchproject/opensearch:{VERSION}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `node` is given when it runs here and may be stopped and killed."""

    url: str
    how: str
    close: Callable[[], None]
    node: Node | None = None


def find_server() -> Server:
    """The first server to be had. Raises Unavailable, naming what the machine lacks for each way."""
    if address := os.environ.get(ADDRESS):
        return Server(address, f"the address in {ADDRESS}, {address}", close=lambda: None)
    lacking = [f"{ADDRESS} is not set"]
    try:
        return _in_docker()
    except Unavailable as error:
        lacking.append(str(error))
    try:
        return _on_this_machine()
    except Unavailable as error:
        raise Unavailable("; ".join([*lacking, str(error)])) from error


def local_node() -> Node:
    """A node of OpenSearch on this machine, not started. Raises Unavailable when it cannot be assembled."""
    home = java_home()  # asked first: it costs nothing, the distribution may cost a download
    return Node(distribution(), home)


def _on_this_machine() -> Server:
    node = local_node()
    try:
        node.start()
    except BaseException:
        node.close()
        raise
    return Server(node.url, f"version {VERSION}, assembled on this machine by Maven, {node.url}", node.close, node)


def _in_docker() -> Server:
    import docker
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy

    engine = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker forgets a socket when nobody answers
        with contextlib.suppress(docker.errors.DockerException):
            docker.from_env(timeout=5).close()
            engine = True
        gc.collect()
    if not engine:
        raise Unavailable("no Docker engine answers")
    container = (
        DockerContainer(_IMAGE)
        .with_env("discovery.type", "single-node")
        .with_env("DISABLE_SECURITY_PLUGIN", "true")
        .with_env("OPENSEARCH_JAVA_OPTS", "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1")
        .with_exposed_ports(9200)
        .waiting_for(HttpWaitStrategy(9200, "/_cluster/health?wait_for_status=yellow").for_status_code(200))
    )
    try:
        container.start()
    except Exception as error:  # no image and no registry, no room, no rights: the next way may still work
        container.stop()
        raise Unavailable(f"Docker does not run {_IMAGE}: {error}") from error
    url = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(9200)}"
    return Server(url, f"version {VERSION} in Docker, {url}", container.stop)
