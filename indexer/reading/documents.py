"""What every reader of a document hands over."""

from dataclasses import dataclass

from indexer.limits import Limits
from indexer.resumes import Heading

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one document with the headings that its format marks."""

    text: str
    headings: tuple[Heading, ...] = ()
