"""`shortlist stats`, `verify` and `rebuild`: look after an index."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.table import Table

from workers import output
from workers.commands.options import HomeOption, JsonOption, OpenSearchOption, WaitOption, settings
from workers.wiring import open_index


def stats(home: HomeOption = None, opensearch: OpenSearchOption = None, json: JsonOption = False) -> None:
    """Print what is indexed, as one JSON object."""
    with open_index(settings(home=home, opensearch=opensearch), None, write=False) as handle:
        _report(handle.stats(), as_json=json)


def verify(home: HomeOption = None, opensearch: OpenSearchOption = None) -> None:
    """Compare the store with the lexical and the dense index; print each difference, exit 1 if there is one."""
    with open_index(settings(home=home, opensearch=opensearch), None, write=False) as handle:
        differences = handle.verify()
    for difference in differences:
        output.emit({"difference": difference})
    if differences:
        output.note("run `shortlist rebuild` to derive the lexical and the dense index again")
    output.counts({"differences": len(differences)})
    if differences:
        raise typer.Exit(1)


def rebuild(
    home: HomeOption = None, opensearch: OpenSearchOption = None, wait: WaitOption = 0.0, json: JsonOption = False
) -> None:
    """Derive the lexical and the dense index again from the store; nothing is encoded."""
    with open_index(settings(home=home, opensearch=opensearch), None, write=True, wait=wait) as handle:
        handle.rebuild()
        _report(handle.stats(), as_json=json)


def _report(stats: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json or not output.is_terminal():
        output.emit(stats)
        return
    table = Table(show_header=False)
    for name, value in _flat(stats):
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    output.tables().print(table)


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, value
