"""Files, lines and standard input to raw resumes and raw briefs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item that could not be used: where it was, why, and under which id if it had one."""

    origin: str
    reason: str
    resume_id: str | None = None
