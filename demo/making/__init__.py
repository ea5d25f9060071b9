"""How the demo's resumes were rendered: plain text to PDF, DOCX and JSON Resume. Users don't need it."""
