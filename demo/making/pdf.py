"""Render a resume as PDF: one column with bold headings, or two columns with a sidebar.

The bytes depend on the input alone (`invariant`). Two typefaces: Helvetica, which viewers bring themselves
(WinAnsi encoding), and Vera, which travels inside the file with its own glyph numbers.
"""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageTemplate, Paragraph

from making.outline import CONTACT_HEADINGS, Outline, Part

FACES = {"helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"), "vera": ("Vera", "VeraBd", "VeraIt")}
MARGIN, SIDEBAR = 18 * mm, 62 * mm
ACCENT, SHADE = HexColor("#1f3a5f"), HexColor("#e9eef4")


def render_pdf(resume: Outline, language: str, *, face: str = "helvetica", sidebar: str = "", size: int = 10) -> bytes:
    """Return the PDF. `sidebar` is "left", "right", or empty for one column; `size` is the type's, in points.

    In two columns the sidebar holds contact, skills, languages and what follows them; the main column the rest.
    """
    if face == "vera":
        for font in FACES["vera"]:
            pdfmetrics.registerFont(TTFont(font, f"{font}.ttf"))
    styles = _styles(FACES[face], size)
    main, aside = list(resume.parts), []
    if sidebar:
        last = max(i for i, part in enumerate(main) if part.dated) + 2  # posts, then the education after them
        main, aside = main[:last], main[last:]
    story: list[Flowable] = [NextPageTemplate("later")]
    if resume.name:
        story.append(_paragraph(resume.name, styles["name"]))
    story.append(_paragraph(resume.headline, styles["headline"]))
    story += [flowable for part in main for flowable in _part(part, styles)]

    beside: list[Flowable] = []
    if sidebar and resume.email:
        beside.append(_paragraph(CONTACT_HEADINGS[language], styles["heading"]))
        beside += [_paragraph(line, styles["contact"]) for line in (resume.email, resume.phone) if line]
    beside += [flowable for part in aside for flowable in _part(part, styles)]

    target = io.BytesIO()
    width, height = A4
    document = BaseDocTemplate(
        target, pagesize=A4, title=resume.name or resume.headline, invariant=1, pageCompression=1
    )
    left = SIDEBAR if sidebar == "left" else 0
    right = SIDEBAR if sidebar == "right" else 0

    def column() -> Frame:
        return Frame(left + MARGIN, MARGIN, width - left - right - 2 * MARGIN, height - 2 * MARGIN, 0, 0, 0, 0)

    def draw_sidebar(canvas: Canvas, _: BaseDocTemplate) -> None:
        x = 0.0 if sidebar == "left" else width - SIDEBAR
        canvas.setFillColor(SHADE)
        canvas.rect(x, 0, SIDEBAR, height, stroke=0, fill=1)
        rest = list(beside)
        Frame(x + 7 * mm, MARGIN, SIDEBAR - 12 * mm, height - 2 * MARGIN, 0, 0, 0, 0).addFromList(rest, canvas)
        if rest:
            raise ValueError("the sidebar does not fit on one page")

    on_first = {"onPage": draw_sidebar} if sidebar else {}
    document.addPageTemplates([PageTemplate("first", [column()], **on_first), PageTemplate("later", [column()])])
    document.build(story)
    return target.getvalue()


def _styles(face: Sequence[str], size: int) -> dict[str, ParagraphStyle]:
    regular, bold, italic = face
    keep, large = {"keepWithNext": 1}, {"fontSize": size + 1.5, "leading": 1.35 * size + 2}
    body = ParagraphStyle("body", fontName=regular, fontSize=size, leading=1.35 * size, spaceAfter=2)
    return {
        "body": body,
        "contact": ParagraphStyle("contact", body, fontSize=7.5),  # so small that an address stays on one line
        "name": ParagraphStyle("name", body, fontName=bold, fontSize=19, leading=23, textColor=ACCENT),
        "headline": ParagraphStyle("headline", body, **large, spaceAfter=6),
        "heading": ParagraphStyle("heading", body, fontName=bold, **large, spaceBefore=9, **keep),
        "title": ParagraphStyle("title", body, fontName=bold, spaceBefore=4, spaceAfter=0, **keep),
        "dates": ParagraphStyle("dates", body, fontName=italic, spaceAfter=2, **keep),
        "point": ParagraphStyle("point", body, leftIndent=10, bulletIndent=0),
    }


def _part(part: Part, styles: dict[str, ParagraphStyle]) -> list[Flowable]:
    flowables: list[Flowable] = [_paragraph(part.heading, styles["heading"])]
    for entry in part.entries:
        looks = ["title", "dates"] if part.dated else []
        looks += ["body"] * (len(entry.lines) - len(looks))
        flowables += [_paragraph(line, styles[look]) for line, look in zip(entry.lines, looks, strict=False)]
        flowables += [Paragraph(escape(point), styles["point"], bulletText="•") for point in entry.points]
    return flowables


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)
