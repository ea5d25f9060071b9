"""Options that several commands share, and the settings they override."""

from pathlib import Path
from typing import Annotated, Any

import typer

from indexer.errors import BadInput
from indexer.filters import Filter
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
        "--encoder", help="Encoder: a name or a folder.  [env: SHORTLIST_ENCODER; default: multilingual-e5-small]"
    ),
]
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", help="country=FR, country=FR,DE, country!=FR, years>=5; repeat for more."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON Lines also on a terminal.")]


def settings(**overrides: Any) -> Settings:
    """The settings of the environment, with every option that was given put over them."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return Settings().model_copy(update=given)


def filters(expressions: list[str] | None) -> list[Filter]:
    """Parse `--filter` options; a wrong one is a usage error."""
    try:
        return [Filter.parse(expression) for expression in expressions or []]
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint="--filter") from None
