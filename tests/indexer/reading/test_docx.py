import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml

from indexer.reading import Rejected, read_resumes
from indexer.resumes import RawResume

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read(document: Document, tmp_path: Path) -> RawResume:
    document.save(str(tmp_path / "cv.docx"))
    (item,) = read_resumes([str(tmp_path / "cv.docx")])
    assert isinstance(item, RawResume), item
    return item


def headings(resume: RawResume) -> list[str]:
    return [resume.text[heading.start : heading.end] for heading in resume.headings]


def test_order_headings_and_bullets(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Ana Exemplo", level=0)
    document.add_heading("Formação", level=1)
    document.add_paragraph("Engenharia civil, 2012")
    paragraph = document.add_paragraph()
    paragraph.add_run("Idiomas").bold = True
    document.add_paragraph("Português", style="List Bullet")
    document.add_paragraph("• Inglês", style="List Bullet")
    resume = read(document, tmp_path)
    assert resume.text.split("\n") == [
        "Ana Exemplo", "", "Formação", "Engenharia civil, 2012", "", "Idiomas", "• Português", "• Inglês",
    ]  # fmt: skip
    assert headings(resume) == ["Ana Exemplo", "Formação", "Idiomas"]


def test_tables_in_their_place(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before")
    data = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in data.rows for cell in row.cells), ["Java", "5 years", "C", "2 years"], strict=True
    ):
        cell.text = text
    document.add_paragraph("Between")
    layout = document.add_table(rows=1, cols=2)
    layout.cell(0, 0).text = "Skills\nWelding\nCutting"
    layout.cell(0, 1).text = "Experience\nWelder at a yard\nApprentice"
    inner = layout.cell(0, 1).add_table(rows=1, cols=1)
    inner.cell(0, 0).text = "Nested"
    document.add_paragraph("After")
    text = read(document, tmp_path).text
    assert [line for line in text.split("\n") if line] == [
        "Before", "Java\t5 years", "C\t2 years", "Between", "Skills", "Welding", "Cutting",
        "Experience", "Welder at a yard", "Apprentice", "Nested", "After",
    ]  # fmt: skip


def test_merged_cells_are_written_once(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "Once"
    assert read(document, tmp_path).text.count("Once") == 1


def test_text_boxes_links_controls_and_margins(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "ana@example.org"
    document.sections[0].footer.paragraphs[0].text = "Page foot"
    paragraph = document.add_paragraph("Anchor")
    box = "<w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>"
    paragraph._p.append(
        parse_xml(
            f'<w:r {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:AlternateContent>'
            f'<mc:Choice Requires="wps">{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>'
        )
    )
    document.element.body.insert(
        0, parse_xml(f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>Controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>")
    )
    linked = document.add_paragraph("See ")
    linked._p.append(parse_xml(f"<w:hyperlink {W}><w:r><w:t>the portfolio</w:t></w:r></w:hyperlink>"))
    linked._p.append(parse_xml(f"<w:ins {W}><w:r><w:t> inserted</w:t></w:r></w:ins>"))
    linked._p.append(parse_xml(f"<w:del {W}><w:r><w:delText>gone</w:delText></w:r></w:del>"))
    text = read(document, tmp_path).text
    assert [line for line in text.split("\n") if line] == [
        "ana@example.org", "Controlled", "Anchor", "In the box", "See the portfolio inserted", "Page foot",
    ]  # fmt: skip


def rejected(data: bytes, tmp_path: Path) -> str:
    (tmp_path / "cv.docx").write_bytes(data)
    (item,) = read_resumes([str(tmp_path / "cv.docx")])
    assert isinstance(item, Rejected)
    return item.reason


def test_broken_files(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    docx.Document().save(buffer)
    whole = buffer.getvalue()
    assert "truncated" in rejected(whole[: len(whole) // 2], tmp_path)
    assert "encrypted" in rejected(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), tmp_path)
    assert rejected(whole, tmp_path).startswith("empty")
    assert rejected(b"", tmp_path).startswith("empty")


_SIZE = 20_000_003


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        pytest.param(400_000_000, "zip bomb", id="declared"),
        pytest.param(1000, "not a readable DOCX", id="lied about: reading ends where the header says"),
    ],
)
def test_zip_bomb(tmp_path: Path, declared: int, words: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(_SIZE))
    size = _SIZE.to_bytes(4, "little")
    assert size in buffer.getvalue()
    assert words in rejected(buffer.getvalue().replace(size, declared.to_bytes(4, "little")), tmp_path)
