"""Options that several commands share, and the settings they override."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from pydantic import ValidationError

from indexer.errors import BadInput
from indexer.filters import Filter
from indexer.reading.sources import check_sources
from workers.settings import Settings

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the index.  [env: SHORTLIST_HOME; default: .shortlist]")
]
OpenSearchOption = Annotated[
    str | None,
    typer.Option(
        "--opensearch", help="URL of the OpenSearch that keeps resumes and words.  [env: SHORTLIST_OPENSEARCH]"
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="Encoder: a name, or the folder of a sentence-transformers model.  [env: SHORTLIST_ENCODER; "
        "default: multilingual-e5-small]",
    ),
]
FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="Only resumes whose language or meta field passes: country=FR, country=FR,DE (any of), country!=FR, "
        "years>=5, language=de. Repeat it: all must pass.",
    ),
]
WaitOption = Annotated[
    float,
    typer.Option("--wait", min=0, help="Seconds to wait for another writer of the same index, before refusing."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON Lines also on a terminal.")]


def settings(**overrides: Any) -> Settings:
    """The settings of the environment, with every option that was given put over them."""
    try:
        held = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "SHORTLIST_" + "_".join(map(str, fault["loc"])).upper()
        raise typer.BadParameter(f"{name}={fault['input']} in the environment: {fault['msg']}") from None
    return held.model_copy(update={name: value for name, value in overrides.items() if value is not None})


def filters(expressions: list[str] | None) -> list[Filter]:
    """Parse `--filter` options; a wrong one is a usage error."""
    try:
        return [Filter.parse(expression) for expression in expressions or []]
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint="--filter") from None


def stdin() -> BinaryIO | None:
    """Standard input as bytes, None when it is closed."""
    return sys.stdin.buffer if sys.stdin is not None else None


def check_paths(sources: Sequence[str], name: str) -> None:
    """A source that does not exist is a usage error, told before anything is loaded."""
    try:
        check_sources(sources, stdin())
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint=name) from None
