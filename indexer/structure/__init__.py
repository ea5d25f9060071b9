"""Raw text to structure: sections, segments, requirements, language, contact details."""

from indexer.structure.language import detect_language
from indexer.structure.requirements import structure_brief
from indexer.structure.resume import structure_resume

__all__ = ["detect_language", "structure_brief", "structure_resume"]
