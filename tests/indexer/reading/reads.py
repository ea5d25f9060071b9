"""Reading in one line, for tests."""

from pathlib import Path
from typing import Any

from indexer.reading import Rejected, read_resumes
from indexer.resumes import RawResume


def read(*sources: Path | str, **options: Any) -> list[RawResume | Rejected]:
    """Everything that the sources give."""
    return list(read_resumes([str(source) for source in sources], **options))


def one(*sources: Path | str, **options: Any) -> RawResume:
    """The one resume in the sources."""
    (item,) = read(*sources, **options)
    assert isinstance(item, RawResume), item
    return item


def refused(*sources: Path | str, **options: Any) -> Rejected:
    """The one item of the sources, which must have been refused in one line."""
    (item,) = read(*sources, **options)
    assert isinstance(item, Rejected), item
    assert "\n" not in item.reason
    return item
