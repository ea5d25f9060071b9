"""Raw text to structure: sections, segments, requirements, language, contact details."""
