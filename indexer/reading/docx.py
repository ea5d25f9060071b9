"""DOCX to text: paragraphs and tables in document order, text boxes, content controls, headers and footers.

Runs in the child process of `sandbox.py` only.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from indexer.errors import UnreadableFile
from indexer.reading.documents import Document
from indexer.reading.text import BULLET, Composer, is_bulleted, looks_like_heading

_UNPACKED_BYTES = 300_000_000  # of all members together; a zip bomb declares (or is cut at) far more
_P, _TBL, _TR, _TC = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXT_BOX, _FALLBACK = qn("w:txbxContent"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DELETED = (qn("w:del"), qn("w:moveFrom"))
_CHARACTERS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:ptab"): "\t"}
_HEADING_STYLE = re.compile(r"heading \d|title", re.IGNORECASE)  # Word stores the English names in every language


def read_docx(data: bytes) -> Document:
    """Extract text and heading hints. Raises UnreadableFile."""
    _check_size(data)
    try:
        document = docx.Document(io.BytesIO(data))
    except Exception as error:  # python-docx raises whatever lxml, zipfile or a missing part gives
        raise UnreadableFile(f"not a readable DOCX ({type(error).__name__}: {error}); save it again") from None
    composer = Composer()
    for part in _margins(document, "header"):
        _write(composer, part._element, document)
    _write(composer, document.element.body, document)
    for part in _margins(document, "footer"):
        _write(composer, part._element, document)
    return Document(composer.text, composer.headings)


def _check_size(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"not a readable DOCX ({error}; damaged or truncated); save it again") from None
    if unpacked > _UNPACKED_BYTES:
        raise UnreadableFile(f"a zip bomb: it unpacks to {unpacked:,} bytes; no resume does, remove it")


def _margins(document: Any, name: str) -> Iterator[Any]:
    for section in document.sections:
        part = getattr(section, name)
        if not part.is_linked_to_previous:
            yield part


def _write(composer: Composer, container: Any, document: Any) -> None:
    for child in container.iterchildren():
        if child.tag == _P:
            _write_paragraph(composer, child, document)
        elif child.tag == _TBL:
            composer.blank()
            for row in child.iter(_TR):
                if next(row.iterancestors(_TBL)) is child:
                    _write_row(composer, row, document)
            composer.blank()
        elif child.tag not in _DELETED and isinstance(child.tag, str):
            _write(composer, child, document)  # content controls, insertions, custom XML


def _write_row(composer: Composer, row: Any, document: Any) -> None:
    cells = [cell for cell in row.iter(_TC) if next(cell.iterancestors(_TR)) is row]
    paragraphs = [[_text(paragraph) for paragraph in cell.iter(_P)] for cell in cells]
    lines = ["\n".join(text for text in texts if text.strip()).strip() for texts in paragraphs]
    if sum(map(bool, lines)) > 1 and not any("\n" in line for line in lines):
        composer.line("\t".join(line for line in lines if line))  # a row of a data table, read across
        return
    for cell in cells:  # a layout table: each cell is a column of its own
        _write(composer, cell, document)


def _write_paragraph(composer: Composer, element: Any, document: Any) -> None:
    text = _text(element).strip()
    paragraph = Paragraph(element, document._body)
    if not text:
        composer.blank()
    elif _is_heading(paragraph, text):
        composer.heading(text)
    else:
        composer.line(BULLET + text if _in_list(paragraph) and not is_bulleted(text) else text)
    for box in element.iter(_TEXT_BOX):
        outer = next(box.iterancestors(_P), None)
        if outer is element and not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
            composer.blank()
            _write(composer, box, document)


def _text(element: Any) -> str:
    """All text of a paragraph, also in links, fields and insertions; not that of text boxes or deletions."""
    parts: list[str] = []

    def walk(node: Any) -> None:
        for child in node.iterchildren():
            if child.tag == qn("w:t"):
                parts.append(child.text or "")
            elif child.tag in _CHARACTERS:
                parts.append(_CHARACTERS[child.tag])
            elif child.tag not in (_TEXT_BOX, _FALLBACK, qn("w:pPr"), qn("w:rPr"), *_DELETED):
                walk(child)

    walk(element)
    return "".join(parts)


def _style_chain(paragraph: Paragraph) -> Iterator[Any]:
    style = paragraph.style
    while style is not None:
        yield style
        style = style.base_style


def _is_heading(paragraph: Paragraph, text: str) -> bool:
    if "\n" in text:
        return False
    if any(_HEADING_STYLE.match(style.name or "") for style in _style_chain(paragraph)):
        return True
    runs = [run for run in paragraph.runs if run.text.strip()]
    bold = bool(runs) and all(run.bold for run in runs)
    return bold and looks_like_heading(text) and not re.search(r"[\d,|@\t]", text)


def _in_list(paragraph: Paragraph) -> bool:
    owners = [paragraph._p, *(style.element for style in _style_chain(paragraph))]
    for owner in owners:
        number = owner.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}")
        if number is not None:
            return bool(number.get(qn("w:val")) != "0")
    return False
