"""Files, lines and standard input to raw resumes and raw briefs."""

from indexer.reading.brief_files import read_briefs
from indexer.reading.brief_records import brief_from_value
from indexer.reading.rejected import Rejected
from indexer.reading.resume_files import read_resumes
from indexer.reading.resume_records import resume_from_value

__all__ = ["Rejected", "brief_from_value", "read_briefs", "read_resumes", "resume_from_value"]
