"""The demo's set: a plain library reads every file and finds the words that it was made from."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest

from indexer.reading import Rejected, read_briefs, read_resumes

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "demo"
FILES = sorted((DEMO / "resumes").iterdir())
RENDERED = [json.loads(line) for line in (HERE / "rendered.jsonl").read_text("utf-8").splitlines()]
DATES = re.compile(r"^[^•\-].{0,40}\b(19|20)\d\d\b( – .{0,30})?$")  # a line of dates under a post's title


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [str(value)]


def read(path: Path) -> str:
    match path.suffix:
        case ".pdf":
            with pypdfium2.PdfDocument(path) as pdf:
                return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
        case ".docx":
            document = docx.Document(str(path))
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
        case ".json":
            return "\n".join(strings(json.loads(path.read_text("utf-8"))))
        case _:
            return path.read_text("utf-8")


def qrels() -> list[tuple[str, str, int]]:
    header, *lines = (DEMO / "qrels.tsv").read_text("utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    rows = [line.split("\t") for line in lines]
    return [(brief_id, resume_id, int(score)) for brief_id, resume_id, score in rows]


def briefs() -> list[dict[str, str]]:
    return [json.loads(line) for line in (DEMO / "briefs.jsonl").read_text("utf-8").splitlines()]


def test_ninety_six_resumes_with_unique_ids_in_four_formats() -> None:
    assert len({path.stem for path in FILES}) == len(FILES) == 96
    assert Counter(path.suffix for path in FILES) == {".txt": 68, ".pdf": 12, ".docx": 8, ".json": 8}
    assert {line["file"] for line in RENDERED} == {path.name for path in FILES if path.suffix != ".txt"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read_as_a_resume_of_one_or_two_pages(path: Path) -> None:
    text = read(path)
    assert 120 < sum(words(text).values()) < 600
    assert "\ufffd" not in text
    assert "\x00" not in text


@pytest.mark.parametrize("line", RENDERED, ids=lambda line: line["file"])
def test_a_rendered_file_gives_back_the_words_of_its_text(line: dict[str, Any]) -> None:
    path = DEMO / "resumes" / line["file"]
    found = words(read(path))
    original = line["text"].split("\n")
    if path.suffix == ".json":  # headings have become keys and dates ISO dates, which are looked at below
        original = [text for text in original if text != text.upper() and not DATES.match(text)]
    expected = words("\n".join(original))
    missing = expected - found
    assert missing.total() <= 0.02 * expected.total(), missing
    for value in line["contact"]:
        assert not words(value) - found


def test_accents_and_signs_survive_in_pdfs() -> None:
    text = "".join(read(path) for path in FILES if path.suffix == ".pdf")
    assert not set("éèêàçñßäöüóíáãõœ€–•±„“") - set(text)


def test_two_column_pdfs_place_the_sidebar_beside_the_body() -> None:
    with pypdfium2.PdfDocument(DEMO / "resumes" / "syn-sales-2.pdf") as pdf:
        page = pdf[0]
        textpage = page.get_textpage()
        boxes = {}
        for word in ("EXPERIENCIA PROFESIONAL", "COMPETENCIAS"):
            index, _ = textpage.search(word, match_case=True).get_next()
            boxes[word] = textpage.get_charbox(index)
        assert boxes["EXPERIENCIA PROFESIONAL"][0] < page.get_width() / 2 < boxes["COMPETENCIAS"][0]


def test_grades_point_at_briefs_and_resumes_of_the_set() -> None:
    rows = qrels()
    assert len(rows) == len({(brief_id, resume_id) for brief_id, resume_id, _ in rows}) == 136
    assert {brief_id for brief_id, _, _ in rows} == {brief["brief_id"] for brief in briefs()}
    assert {resume_id for _, resume_id, _ in rows} <= {path.stem for path in FILES}
    assert {score for _, _, score in rows} == {0, 1, 2, 3, 4, 5}


def test_every_brief_is_plain_text_and_has_a_good_fit_in_the_set() -> None:
    best: dict[str, int] = {}
    for brief_id, _, score in qrels():
        best[brief_id] = max(score, best.get(brief_id, 0))
    rows = briefs()
    assert len({brief["brief_id"] for brief in rows}) == len(rows) == 68
    assert {brief["language"] for brief in rows} == {"en", "fr", "de", "nl", "es"}
    for brief in rows:
        assert set(brief) == {"brief_id", "title", "text", "language"}
        assert brief["title"].strip()
        assert len(brief["text"]) > 100
        assert best[brief["brief_id"]] >= 3


def test_the_product_reads_the_whole_set() -> None:
    resumes = list(read_resumes([str(DEMO / "resumes")]))
    assert not [item for item in resumes if isinstance(item, Rejected)]
    assert {item.resume_id for item in resumes if not isinstance(item, Rejected)} == {path.stem for path in FILES}
    read = [item.brief_id for item in read_briefs(str(DEMO / "briefs.jsonl")) if not isinstance(item, Rejected)]
    assert read == [brief["brief_id"] for brief in briefs()]


def test_the_set_stays_small_enough_to_clone() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file() and ".index" not in path.parts) < 2.5e6
