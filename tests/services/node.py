"""One real OpenSearch node on this machine, with its own ports and folders, to start, stop and kill."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

_USER = 65534  # nobody: OpenSearch refuses to run as root
_START_SECONDS = 180  # 15 s on two idle cores; a busy machine takes its time
_PR_SET_PDEATHSIG = 1


class Node:
    """A node that is a cluster of its own.

    Everything it writes lies under one temporary folder, which `close` removes; the distribution is only read.
    The ports stay the same over restarts, and the data survives `stop` and `kill`.
    """

    def __init__(
        self,
        distribution: Path,
        java_home: Path,
        *,
        name: str = "node-1",
        heap: str = "512m",
    ) -> None:
        self._distribution = distribution
        self._java_home = java_home
        self._process: subprocess.Popen[bytes] | None = None
        self._port, transport_port = _free_ports(2)
        self.name = name
        self.url = f"http://127.0.0.1:{self._port}"
        self._folder = Path(tempfile.mkdtemp(prefix="shortlist-opensearch-"))
        self._lay_out(heap, transport_port)

    def start(self) -> None:
        """Start and wait until the node answers. Raises RuntimeError with the log's end when it does not."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENSEARCH_")}
        environment |= {
            "OPENSEARCH_JAVA_HOME": str(self._java_home),
            "OPENSEARCH_PATH_CONF": str(self._folder / "config"),
            "OPENSEARCH_TMPDIR": str(self._folder / "tmp"),
            "OPENSEARCH_JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # halves the start; tests never get hot
        }
        identity = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._distribution / "bin/opensearch"],
                env=environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches pytest alone, which then stops the node
                preexec_fn=_end_with_parent,
                **identity,
            )
        try:
            self._wait(self._process)
        except BaseException:
            self.kill()
            raise

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ensure(self) -> None:
        """Start the node unless it runs."""
        if not self.running:
            self.start()

    def stop(self) -> None:
        """Shut down in order. Safe to repeat."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once, as a crash does. Safe to repeat."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop and remove everything the node wrote."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self._folder / "console.log"

    def _lay_out(self, heap: str, transport_port: int) -> None:
        config, data, logs = (self._folder / name for name in ("config", "data", "logs"))
        for folder in (config, data, logs, self._folder / "tmp"):
            folder.mkdir()
        shutil.copy(self._distribution / "config/log4j2.properties", config)
        options = (self._distribution / "config/jvm.options").read_text("utf-8").splitlines()
        kept = [line for line in options if line.strip() and not line.startswith(("#", "-Xm", "9-:-Xlog"))]
        kept = [line.replace("=logs/", f"={logs}/").replace("=data", f"={data}") for line in kept]
        (config / "jvm.options").write_text("\n".join([f"-Xms{heap}", f"-Xmx{heap}", *kept, ""]), "utf-8")
        lines = [
            "cluster.name: shortlist-tests",
            f"node.name: {self.name}",
            "network.host: 127.0.0.1",
            f"http.port: {self._port}",
            f"transport.port: {transport_port}",
            f"path.data: {data}",
            f"path.logs: {logs}",
            "node.store.allow_mmap: false",  # needs no vm.max_map_count
            "cluster.routing.allocation.disk.threshold_enabled: false",  # a full disk elsewhere is not our test
            "discovery.type: single-node",
        ]
        (config / "opensearch.yml").write_text("\n".join([*lines, ""]), "utf-8")
        self._folder.chmod(0o755)
        if os.geteuid() == 0:
            for path in [self._folder, *self._folder.rglob("*")]:
                os.chown(path, _USER, _USER)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with code {process.returncode} at start: {self._log_end()}")
            try:
                urllib.request.urlopen(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=5s", timeout=10)
            except OSError:  # not listening yet, or listening and not ready (503, 408)
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"{self.name} did not answer at {self.url} in {_START_SECONDS} s: {self._log_end()}")

    def _log_end(self) -> str:
        return self._log.read_text("utf-8", "replace")[-3000:]

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def _end_with_parent() -> None:
    # A killed pytest runs no fixture's end; the kernel then stops the node (Linux only). It does so too when the
    # thread that called `start` ends, so call it from the main thread.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
