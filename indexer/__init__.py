"""Text in, searchable resumes out: read, structure, encode, store."""
