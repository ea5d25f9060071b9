"""What a reader yields in place of an item that could not be used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item that could not be used: where it was, why, and under which id if it had one."""

    origin: str
    reason: str
    resume_id: str | None = None
