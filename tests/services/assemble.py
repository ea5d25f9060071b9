"""Lay out an OpenSearch distribution from Maven Central, once, in a cache outside the clone."""

import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

VERSION = "3.6.0"  # the newest for which every plugin below resolves
JAVA_MINIMUM = 21

_UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"
_MAVEN_SECONDS = 900  # the full set downloads 571 MB


class Unavailable(Exception):
    """The machine lacks something that a local node needs; the message names it."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One zip: where Maven finds it, where it goes below the distribution, and what in it nobody needs."""

    group: str
    name: str
    version: str
    folder: str = ""
    excludes: str = ""


BASE = Artifact(
    "org.opensearch.distribution.integ-test-zip", "opensearch", VERSION, excludes="*/modules/ingest-geoip/**"
)
_GROUP, _PLUGIN = "org.opensearch.plugin", f"{VERSION}.0"
PLUGINS = {
    "job-scheduler": Artifact(_GROUP, "opensearch-job-scheduler", _PLUGIN, "opensearch-job-scheduler"),
    "knn": Artifact(_GROUP, "opensearch-knn", _PLUGIN, "opensearch-knn"),
    "neural-search": Artifact(_GROUP, "neural-search", _PLUGIN, "opensearch-neural-search"),
    "ml": Artifact(_GROUP, "opensearch-ml-plugin", _PLUGIN, "opensearch-ml", excludes="onnxruntime_gpu-*.jar"),
}
# What today's tests use. Each name costs download, disk and start time; `tuple(PLUGINS)` is the full set.
NEEDED: tuple[str, ...] = ()


def distribution(plugins: Iterable[str] = NEEDED) -> Path:
    """Return the folder of a complete distribution with `plugins`, assembling it if the cache has none.

    Never written to afterwards, so any number of nodes may share it. Raises Unavailable when Maven is not there
    or cannot resolve an artifact.
    """
    chosen = sorted(set(plugins))
    cache = _cache_folder()
    target = cache / "-".join([f"opensearch-{VERSION}", *chosen])
    if target.is_dir():  # renamed into place when complete, so its existence is enough
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(prefix=f"{target.name}.part-", dir=cache) as part:
                _unpack([PLUGINS[name] for name in chosen], Path(part))
                next(Path(part, "node").iterdir()).rename(target)
    return target


def java_home() -> Path:
    """Return the newest installed JDK or JRE that OpenSearch 3 accepts. Raises Unavailable when there is none."""
    named = [Path(os.environ[name]) for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    on_path = shutil.which("java")
    homes = [*named, *Path("/usr/lib/jvm").glob("*"), *([Path(on_path).resolve().parents[1]] if on_path else [])]
    version, home = max(((_java_version(home), home) for home in homes), default=(0, Path()))
    if version < JAVA_MINIMUM:
        found = f"the newest found is {version}" if version else "no Java was found"
        raise Unavailable(f"Java {JAVA_MINIMUM} or newer is lacking ({found})")
    return home


def _java_version(home: Path) -> int:
    try:
        answer = subprocess.run([home / "bin/java", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else 0


def _cache_folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shortlist-tests"
    # OpenSearch refuses to run as root, and the user it runs as instead may not enter root's home.
    closed = any(parent.exists() and not parent.stat().st_mode & 0o001 for parent in folder.parents)
    return Path("/var/cache/shortlist-tests") if os.geteuid() == 0 and closed else folder


def _unpack(plugins: Iterable[Artifact], part: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Maven (mvn) is not installed")
    part.chmod(0o755)
    home = part / "node" / f"opensearch-{VERSION}"  # the base zip holds this folder; a plugin's zip holds bare files
    items = [(BASE, part / "node"), *((plugin, home / "plugins" / plugin.folder) for plugin in plugins)]
    pom = part / "pom.xml"
    pom.write_bytes(_pom(items, markers=part / "markers"))
    answer = subprocess.run(
        [maven, "--batch-mode", "--quiet", "--file", pom, _UNPACK],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_MAVEN_SECONDS,
        umask=0o022,
        check=False,
    )
    if answer.returncode != 0:
        raise Unavailable(f"Maven could not fetch OpenSearch {VERSION}: {answer.stdout.strip()[-2000:]}")


def _pom(items: Iterable[tuple[Artifact, Path]], *, markers: Path) -> bytes:
    project = ET.Element("project", xmlns="http://maven.apache.org/POM/4.0.0")
    _fill(
        project, modelVersion="4.0.0", groupId="shortlist", artifactId="opensearch-node", version="1", packaging="pom"
    )
    plugin = ET.SubElement(ET.SubElement(ET.SubElement(project, "build"), "plugins"), "plugin")
    group, name, version, _ = _UNPACK.split(":")
    _fill(plugin, groupId=group, artifactId=name, version=version)
    settings = ET.SubElement(plugin, "configuration")
    _fill(settings, markersDirectory=str(markers))
    listed = ET.SubElement(settings, "artifactItems")
    for artifact, folder in items:
        item = ET.SubElement(listed, "artifactItem")
        _fill(item, groupId=artifact.group, artifactId=artifact.name, version=artifact.version, type="zip")
        _fill(item, outputDirectory=str(folder))
        if artifact.excludes:
            _fill(item, excludes=artifact.excludes)
    return ET.tostring(project)


def _fill(element: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(element, tag).text = text
