"""Real files, made where the test needs them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

SIDEBAR = [
    ("Skills", ["Python", "PostgreSQL", "Apache Airflow", "Kubernetes"]),
    ("Languages", ["French (native)", "English (C1)"]),
    ("Contact", ["anna@example.org", "+33 1 23 45 67 89"]),
]
MAIN = [
    (
        "Experience",
        [
            "Senior data engineer, Example SA, 2019 to today",
            "• Moved forty nightly jobs to Airflow and cut failures",
            "by a half, with a small team of three people.",
            "• Designed the warehouse model for the sales department.",
            "Data analyst, Beispiel GmbH, 2015 to 2019",
            "• Wrote SQL reports for the finance team.",
        ],
    ),
    ("Education", ["Master of computer science, Lyon, 2015", "Bachelor of mathematics, Lyon, 2013"]),
]
Column = Sequence[tuple[str, Sequence[str]]]


def draw_column(canvas: Canvas, column: Column, x: float, y: float, *, pitch: float = 18) -> None:
    for title, lines in column:
        canvas.setFont("Helvetica-Bold", 13)
        canvas.drawString(x, y, title)
        y -= pitch
        canvas.setFont("Helvetica", 10)
        for line in lines:
            canvas.drawString(x, y, line)
            y -= pitch


@pytest.fixture
def two_columns(tmp_path: Path) -> Callable[..., Path]:
    """A resume with a full-width header above a sidebar and a main column."""

    def make(name: str, *, sidebar_x: float, main_x: float, shift: float = 0, pitch: float = 18) -> Path:
        path = tmp_path / name
        canvas = Canvas(str(path), pagesize=A4)
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(50, 790, "Anna Example")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(
            50, 770, "Data engineer in Lyon who builds pipelines, likes clear documentation and trains teams"
        )
        draw_column(canvas, SIDEBAR, sidebar_x, 730)
        draw_column(canvas, MAIN, main_x, 730 - shift, pitch=pitch)
        canvas.save()
        return path

    return make


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """A PDF with one page for each list of lines."""

    def make(name: str, *pages: Sequence[str], **options: Any) -> Path:
        path = tmp_path / name
        canvas = Canvas(str(path), pagesize=A4, **options)
        for lines in pages:
            for number, line in enumerate(lines):
                canvas.drawString(60, 780 - 16 * number, line)
            canvas.showPage()
        canvas.save()
        return path

    return make


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """A JSON Lines file; strings are written as they are."""

    def make(name: str, *records: Any) -> Path:
        path = tmp_path / name
        written = [record if isinstance(record, str) else json.dumps(record) for record in records]
        path.write_text("\n".join(written) + "\n", encoding="utf-8", errors="surrogatepass")
        return path

    return make
