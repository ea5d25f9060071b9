"""PDF to text with columns apart, by liteparse; pypdfium2 is the second opinion on what text there is.

Runs in the child process of `sandbox.py` only: a PDF may crash its parser or ask for any amount of memory.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
from liteparse import LiteParse, ParsedPage, ParseError

from indexer.errors import NeedsOCR, UnreadableFile
from indexer.reading.documents import Document
from indexer.reading.layout import Box, Row, reading_order
from indexer.reading.text import Composer, looks_like_heading

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_BOLD = re.compile("bold|black|heavy|semibold|demi", re.IGNORECASE)
_SYMBOL_BULLET = re.compile("^[\ue000-\uf8ff]\\s*")  # Wingdings and Symbol bullets arrive as private-use characters
_SCANNED_LETTERS = 200  # a document of pictures with fewer letters than this is a scan with a stamp or a footer
_FAR_LESS = 0.5  # of pypdfium2's letters: below it liteparse has lost text
_HEADING_SIZE = 1.12  # of the body's font size


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What pypdfium2 says about one page."""

    text: str
    pictures: bool


def read_pdf(data: bytes) -> Document:
    """Extract text and heading hints. Raises UnreadableFile, or NeedsOCR for pictures of text."""
    opinions = _opinions(data)
    pages = _parse(data)
    letters = sum(_letters(opinion.text) for opinion in opinions)
    if letters < _SCANNED_LETTERS and any(opinion.pictures for opinion in opinions):
        raise NeedsOCR(
            f"needs OCR: {len(opinions)} pages of pictures with {letters} letters of text; run OCR on it first"
        )
    if pages and all(page.complexity is not None and page.complexity.is_garbled for page in pages.values()):
        raise NeedsOCR("needs OCR: its fonts do not say which letters they show; print it to PDF anew or run OCR on it")
    if not letters:
        raise UnreadableFile(f"empty: {len(opinions)} pages and no text on them; export it again")
    return _compose(opinions, pages)


def _opinions(data: bytes) -> list[_Opinion]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise UnreadableFile("encrypted: it opens only with a password; save it without one") from None
        raise UnreadableFile("not a readable PDF (damaged or truncated); export it again") from None
    with document:
        return [_opinion(document, number) for number in range(len(document))]


def _opinion(document: pdfium.PdfDocument, number: int) -> _Opinion:
    try:
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        kinds = (pdfium.raw.FPDF_PAGEOBJ_IMAGE, pdfium.raw.FPDF_PAGEOBJ_PATH)
        # Letters drawn as outlines are pictures, too; rules and boxes are not: paths count on a page without text.
        pictures = any(
            item.type == kinds[0] or not text.strip() for item in page.get_objects(filter=kinds, max_depth=3)
        )
    except pdfium.PdfiumError:
        return _Opinion("", pictures=False)
    return _Opinion(text, pictures)


def _parse(data: bytes) -> dict[int, ParsedPage]:
    parser = LiteParse(
        ocr_enabled=False,
        quiet=True,
        continue_on_page_error=True,
        extract_text_metadata=True,
        include_complexity=True,
        num_workers=1,
    )
    try:
        return {page.page_num: page for page in parser.parse(data).pages}
    except ParseError:
        return {}


def _compose(opinions: Sequence[_Opinion], pages: dict[int, ParsedPage]) -> Document:
    boxes = {number: _boxes(page) for number, page in pages.items()}
    body_size = _body_size([box for page in boxes.values() for box in page])
    laid_out: list[list[list[Row]] | str] = []
    for number, opinion in enumerate(opinions, start=1):
        found = boxes.get(number, [])
        if sum(_letters(box.text) for box in found) < _FAR_LESS * _letters(opinion.text):
            laid_out.append(opinion.text)
        else:
            laid_out.append(reading_order(found, body_size))
    is_heading = _heading_test(
        [row for page in laid_out if not isinstance(page, str) for rows in page for row in rows], body_size
    )
    composer = Composer()
    for page in laid_out:
        composer.blank()
        if isinstance(page, str):
            composer.line(page)
            continue
        for rows in page:
            composer.blank()
            _write_rows(composer, rows, is_heading)
    return Document(composer.text, composer.headings)


def _write_rows(composer: Composer, rows: Sequence[Row], is_heading: Callable[[Row], bool]) -> None:
    bottom = None
    for row in rows:
        if bottom is not None and row.y0 - bottom > 0.8 * row.size:
            composer.blank()
        bottom = row.y1
        text = _SYMBOL_BULLET.sub("• ", row.text)
        if is_heading(row):
            composer.heading(text)
        else:
            composer.line(text)


def _boxes(page: ParsedPage) -> list[Box]:
    return [
        Box(
            text=item.text.strip(),
            x0=item.x,
            y0=item.y,
            x1=item.x + item.width,
            y1=item.y + item.height,
            size=item.font_size or item.height,
            bold=_BOLD.search(item.font_name or "") is not None or (item.font_weight or 0) >= 600,
        )
        for item in page.text_items
        if item.text.strip()
    ]


def _body_size(boxes: Sequence[Box]) -> float:
    """The font size that most letters have."""
    sizes: Counter[float] = Counter()
    for box in boxes:
        sizes[round(box.size, 1)] += len(box.text)
    return max(sizes, key=lambda size: (sizes[size], -size), default=10.0)


def _heading_test(rows: Sequence[Row], body_size: float) -> Callable[[Row], bool]:
    """Headings of sections are the largest type that comes twice, and what is larger still (the name, a title).

    Smaller type above the body's size is left alone: job titles and employers stand out, too, and must not cut an
    experience in pieces. Without such a type, short bold lines without figures are headings.
    """
    sizes = Counter(
        round(row.size, 1) for row in rows if row.size > _HEADING_SIZE * body_size and looks_like_heading(row.text)
    )
    smallest = max((size for size, count in sizes.items() if count > 1), default=None)
    mostly_bold = sum(row.bold for row in rows) > len(rows) / 2

    def is_heading(row: Row) -> bool:
        if not looks_like_heading(row.text):
            return False
        if smallest is not None:
            return round(row.size, 1) >= smallest
        plain = row.bold and not mostly_bold and not re.search(r"[\d,|@\t]", row.text)
        return row.size > _HEADING_SIZE * body_size or plain

    return is_heading


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
