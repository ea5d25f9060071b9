"""`shortlist stats`, `verify` and `rebuild`: look after an index."""

import typer

from workers import output
from workers.commands.options import EncoderOption, HomeOption, OpenSearchOption, settings
from workers.wiring import open_index, open_settings_encoder


def stats(home: HomeOption = None, opensearch: OpenSearchOption = None) -> None:
    """Print what is indexed, as one JSON object."""
    with open_index(settings(home=home, opensearch=opensearch), None, write=False) as handle:
        output.emit(handle.stats())


def verify(home: HomeOption = None, opensearch: OpenSearchOption = None) -> None:
    """Compare the store with the lexical and the dense index; print each difference, exit 1 if there is one."""
    with open_index(settings(home=home, opensearch=opensearch), None, write=False) as handle:
        differences = handle.verify()
    for difference in differences:
        output.emit({"difference": difference})
    output.counts({"differences": len(differences)})
    if differences:
        output.errors.print("run `shortlist rebuild` to derive the lexical and the dense index again")
        raise typer.Exit(1)


def rebuild(home: HomeOption = None, opensearch: OpenSearchOption = None, encoder: EncoderOption = None) -> None:
    """Derive the lexical and the dense index again from the store."""
    config = settings(home=home, opensearch=opensearch, encoder=encoder)
    with open_index(config, open_settings_encoder(config), write=True) as handle:
        handle.rebuild()
        output.emit(handle.stats())
