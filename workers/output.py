"""What commands print: JSON Lines for programs, tables for people, a last line of counts on standard error."""

import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from indexer.reading import Rejected

errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def prepare_streams() -> None:
    """Make JSON Lines UTF-8 in any locale, and let a stream that the caller has closed swallow what is written.

    Half a character becomes `\\udXXX`, which is JSON's escape for it, too.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (for the life of the process)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if is_terminal() else "utf-8", errors="backslashreplace")


def emit(record: Mapping[str, Any]) -> None:
    """Write one JSON line to standard output."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


def is_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def tables() -> Console:
    """Where tables for people go."""
    return Console(highlight=False, markup=False, emoji=False)


def note(message: str) -> None:
    """One line on standard error, whatever the message holds."""
    errors.print("".join(character if character.isprintable() else " " for character in message))


def counts(record: Mapping[str, object]) -> None:
    """The last line: `written=3 rejected=1`, on standard error so that standard output stays data."""
    sys.stdout.flush()
    note(" ".join(f"{name}={value}" for name, value in record.items()))


def rejected(item: Rejected) -> None:
    """One line for an item that could not be used."""
    note(f"rejected {item.origin}: {item.reason}")


def fail(message: str) -> NoReturn:
    """Say in one line what failed, and end with exit code 1."""
    note(f"shortlist: {message}")
    sys.exit(1)


class Bar(Progress):
    """What is done so far, while it is being done; on a terminal only."""

    def __init__(self, description: str, *, shown: bool = True) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(
            *columns,
            console=errors,
            transient=True,
            redirect_stdout=False,  # it would send data to standard error
            redirect_stderr=False,
            disable=not (shown and sys.stderr.isatty()),
        )
        self._task = self.add_task(description, total=None)

    def show(self, done: int, description: str | None = None) -> None:
        """Replace the number, and the words beside it if given."""
        self.update(self._task, completed=done, description=description)
