"""The console command `shortlist`: one thin command for each library function.

Exit codes: 0 done, 1 something failed, 2 usage.
"""

import sys

import structlog
import typer

from indexer.errors import ShortlistError
from workers.commands import doctor, evaluate, index, maintain, score, search

app = typer.Typer(
    name="shortlist",
    help="Recall resumes for a brief, re-rank them, and say why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
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
    # Libraries log through structlog too (stamina its retries), and standard output is for data.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except ShortlistError as error:
        print(f"shortlist: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, say) has gone: point stdout nowhere, so that the interpreter's last flush is quiet.
        sys.stdout = None
        sys.exit(1)
