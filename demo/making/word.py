"""Render a resume as DOCX: Word's own heading and bullet styles, posts as text or as a table of dates and duties."""

import io
import zipfile
from datetime import datetime

from docx import Document
from docx.document import Document as DocumentType
from docx.shared import Mm

from making.outline import Entry, Outline

_STAMP = datetime(2025, 1, 1)


def render_docx(resume: Outline, *, table: bool = False, subheadings: bool = False) -> bytes:
    """Return the DOCX.

    `table`: posts stand in a table of two columns, dates beside duties. `subheadings`: the title of a post
    carries the style Heading 2 instead of bold type.
    """
    document = Document()
    if resume.name:
        document.add_paragraph(resume.name, style="Title")
        document.add_paragraph(resume.headline, style="Subtitle")
        document.add_paragraph(" | ".join(filter(None, (resume.email, resume.phone))))
    else:
        document.add_paragraph(resume.headline, style="Title")
    for part in resume.parts:
        document.add_heading(part.heading, level=1)
        if part.dated and table:
            _posts_table(document, part.entries)
            continue
        for entry in part.entries:
            lines = list(entry.lines)
            if part.dated and subheadings:
                document.add_heading(lines.pop(0), level=2)
            elif part.dated:
                document.add_paragraph().add_run(lines.pop(0)).bold = True
            for line in lines:
                document.add_paragraph(line)
            for point in entry.points:
                document.add_paragraph(point, style="List Bullet")
    properties = document.core_properties
    properties.title, properties.author, properties.comments = resume.name or resume.headline, "Shortlist demo", ""
    properties.created = properties.modified = _STAMP
    raw = io.BytesIO()
    document.save(raw)
    return _fixed_times(raw.getvalue())


def _posts_table(document: DocumentType, entries: tuple[Entry, ...]) -> None:
    table = document.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    for entry in entries:
        title, *dates = entry.lines
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Mm(40), Mm(115)
        cells[0].text = "\n".join(dates)
        cells[1].paragraphs[0].add_run(title).bold = True
        for point in entry.points:
            cells[1].add_paragraph(point, style="List Bullet")


def _fixed_times(data: bytes) -> bytes:
    """Pack the archive anew with one fixed time a member, so that the same input gives the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            member = zipfile.ZipInfo(item.filename, _STAMP.timetuple()[:6])
            new.writestr(member, old.read(item), zipfile.ZIP_DEFLATED)
    return target.getvalue()
