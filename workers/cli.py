"""The console command `shortlist`: one thin command for each library function.

Exit codes: 0 done, 1 something failed, 2 usage, 130 stopped by Ctrl-C.
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from indexer.errors import ShortlistError
from workers import output
from workers.commands import doctor, evaluate, index, maintain, score, search


def _print_version(wanted: bool) -> None:
    if wanted:
        print(version("shortlist"))
        raise typer.Exit


app = typer.Typer(
    name="shortlist",
    help="Recall resumes for a brief, re-rank them, and say why.",
    epilog="Standard output is data, JSON Lines unless it is a terminal; messages and the last line, which counts, are "
    "on standard error. Exit codes: 0 done, 1 something failed, 2 usage, 130 stopped by Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.command("index")(index.index)
app.command("search")(search.search)
app.command("score")(score.score)
app.command("evaluate")(evaluate.evaluate)
app.command("stats")(maintain.stats)
app.command("verify")(maintain.verify)
app.command("rebuild")(maintain.rebuild)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; an error that Shortlist raises on purpose is one line on standard error."""
    output.prepare_streams()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # here, where a reader that has gone or a full disk can still be told
    except ShortlistError as error:
        output.fail(str(error))
    except BrokenPipeError:  # the reader (head, say) has gone, and wants no message
        _abandon_stdout()
        sys.exit(1)
    except OSError as error:
        _abandon_stdout()
        output.fail(f"{error}; check free space (df) and rights there")


def _abandon_stdout() -> None:
    """Point it nowhere: what could not be flushed would fail again, with a message, at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
