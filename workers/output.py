"""What commands print: JSON Lines for programs, tables for people, a last line of counts on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from indexer.reading import Rejected

errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def is_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def counts(record: Mapping[str, object]) -> None:
    """The last line: `written=3 rejected=1`, on standard error so that standard output stays data."""
    errors.print(" ".join(f"{name}={value}" for name, value in record.items()))


def rejected(item: Rejected) -> None:
    """One line for an item that could not be used."""
    errors.print(f"rejected {item.origin}: {item.reason}")
