"""Every error that Shortlist raises on purpose. One root, so that a caller needs one `except`.

    ShortlistError
    ├── BadInput              something handed in cannot be used; the rest of the input still can
    │   ├── UnreadableFile    a file is empty, encrypted, truncated, too large, of an unknown type
    │   │   └── NeedsOCR      a scanned document: it holds pictures of text and no text
    │   ├── BadRecord         one line or object is not a resume or a brief
    │   ├── BadFilter         a filter that does not parse
    │   └── TooLong           more text or segments than the limits allow
    ├── IndexMissing          nothing is indexed where a search or a rebuild looks
    ├── IndexMismatch         the index was written by another encoder or another format
    ├── IndexBusy             another process is writing into the same index
    ├── StoreUnavailable      a store or a server does not answer, or has no room left
    └── EncoderUnavailable    the encoder's package, weights or device is lacking

Each message says what is wrong, where, and what to do next.
"""


class ShortlistError(Exception):
    """Root of the errors that Shortlist raises on purpose."""


class BadInput(ShortlistError):
    """Something handed in cannot be used; the rest of the input still can."""


class UnreadableFile(BadInput):
    """A file is empty, encrypted, truncated, too large, or of a type nobody reads."""


class NeedsOCR(UnreadableFile):
    """A scanned document: pages with pictures of text and no text."""


class BadRecord(BadInput):
    """One line or object is not a resume or a brief."""


class BadFilter(BadInput):
    """A filter that does not parse."""


class TooLong(BadInput):
    """More text or more segments than the limits allow."""


class IndexMissing(ShortlistError):
    """Nothing is indexed where a search or a rebuild looks."""


class IndexMismatch(ShortlistError):
    """The index was written by another encoder or in another format."""


class IndexBusy(ShortlistError):
    """Another process is writing into the same index."""


class StoreUnavailable(ShortlistError):
    """A store or a server does not answer, or has no room left."""


class EncoderUnavailable(ShortlistError):
    """The encoder's package, weights or device is lacking."""
