import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from indexer.limits import Limits
from indexer.reading import Rejected, read_resumes
from indexer.resumes import RawResume

MakePdf = Callable[..., Path]
# fmt: off
SIDEBAR = [
    "Skills", "Python", "PostgreSQL", "Apache Airflow", "Kubernetes", "Languages", "French (native)", "English (C1)",
    "Contact", "anna@example.org", "+33 1 23 45 67 89",
]
# fmt: on


def read_one(path: Path, limits: Limits | None = None) -> RawResume | Rejected:
    (item,) = read_resumes([str(path)], limits=limits or Limits())
    return item


def headings(resume: RawResume) -> list[str]:
    return [resume.text[heading.start : heading.end] for heading in resume.headings]


@pytest.mark.parametrize(
    ("sidebar_x", "main_x", "shift", "pitch"),
    [
        pytest.param(50, 210, 0, 18, id="sidebar left, lines level"),
        pytest.param(50, 210, 5, 18, id="sidebar left, lines shifted"),
        pytest.param(50, 210, 0, 14, id="sidebar left, other pitch"),
        pytest.param(400, 50, 0, 18, id="sidebar right, lines level"),
        pytest.param(400, 50, 7, 15, id="sidebar right, shifted, other pitch"),
    ],
)
def test_two_columns_stay_apart(
    two_columns: MakePdf, sidebar_x: float, main_x: float, shift: float, pitch: float
) -> None:
    path = two_columns("cv.pdf", sidebar_x=sidebar_x, main_x=main_x, shift=shift, pitch=pitch)
    resume = read_one(path)
    assert isinstance(resume, RawResume)
    written = [line for line in resume.text.split("\n") if line.strip()]
    assert written[0] == "Anna Example"
    places = [written.index(line) for line in SIDEBAR]
    assert places == list(range(places[0], places[0] + len(SIDEBAR)))  # contiguous: nothing of the other column between
    first = written.index("Experience")
    assert written[first + 2 : first + 4] == [
        "• Moved forty nightly jobs to Airflow and cut failures",
        "by a half, with a small team of three people.",
    ]
    assert headings(resume)[0] == "Anna Example"
    assert set(headings(resume)) == {"Anna Example", "Skills", "Languages", "Contact", "Experience", "Education"}


def test_columns_of_prose_without_headings(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "cv.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 9)
    for column, x in (("left", 50), ("right", 310)):
        for number in range(12):
            canvas.drawString(
                x, 780 - 12 * number, f"{column} {number:02} with words that go on to fill the whole line"
            )
    canvas.save()
    resume = read_one(tmp_path / "cv.pdf")
    assert isinstance(resume, RawResume)
    assert [line.split()[0] for line in resume.text.split("\n") if line] == ["left"] * 12 + ["right"] * 12


def test_dates_and_tables_are_read_across(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "cv.pdf"), pagesize=A4)
    jobs = ["Nurse, ward", "Head nurse, clinic", "Trainer, school", "Assessor, city"]
    for number, job in enumerate(jobs):
        canvas.drawString(50, 780 - 16 * number, job)
        canvas.drawString(450, 780 - 16 * number, f"{2010 + number} - {2011 + number}")
    table = [("Programming", "Python, C"), ("Databases", "PostgreSQL"), ("Systems", "Linux"), ("Methods", "Scrum")]
    for number, (label, value) in enumerate(table):
        canvas.drawString(50, 600 - 16 * number, label)
        canvas.drawString(180, 600 - 16 * number, value)
    canvas.save()
    resume = read_one(tmp_path / "cv.pdf")
    assert isinstance(resume, RawResume)
    assert "Head nurse, clinic\t2011 - 2012\n" in resume.text
    assert "Programming\tPython, C\nDatabases\tPostgreSQL\n" in resume.text


def test_heading_of_a_full_width_part_below_columns_stays_with_it(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "cv.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 10)
    for number in range(6):
        canvas.drawString(50, 780 - 13 * number, f"left {number}")
        canvas.drawString(320, 775 - 13 * number, f"right {number}")
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(50, 660, "Experience")
    canvas.setFont("Helvetica", 10)
    for number in range(4):
        canvas.drawString(50, 643 - 13 * number, f"line {number} " + "that runs over the whole width of the page " * 2)
    canvas.save()
    resume = read_one(tmp_path / "cv.pdf")
    assert isinstance(resume, RawResume)
    written = [line for line in resume.text.split("\n") if line]
    assert written.index("Experience") == 12
    assert written[13].startswith("line 0")


def test_pages_follow_each_other(pdf: MakePdf) -> None:
    resume = read_one(pdf("cv.pdf", ["first page"], ["second page"]))
    assert isinstance(resume, RawResume)
    assert resume.text.split() == ["first", "page", "second", "page"]
    assert resume.resume_id == "cv"
    assert not resume.version_given
    assert resume.version == (Path(resume.origin).stat().st_mtime_ns // 1_000_000)


def test_scanned_is_reported_never_guessed(tmp_path: Path) -> None:
    Image.new("L", (400, 560), 250).save(tmp_path / "scan.png")
    canvas = Canvas(str(tmp_path / "cv.pdf"), pagesize=A4)
    canvas.drawImage(str(tmp_path / "scan.png"), 0, 0, *A4)
    canvas.drawString(50, 20, "Scanned by a machine")
    canvas.save()
    rejected = read_one(tmp_path / "cv.pdf")
    assert isinstance(rejected, Rejected)
    assert "needs OCR" in rejected.reason
    assert rejected.resume_id == "cv"
    picture = read_one(tmp_path / "scan.png")
    assert isinstance(picture, Rejected)
    assert "needs OCR" in picture.reason


def test_text_with_a_photo_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (40, 50), "blue").save(tmp_path / "photo.png")
    canvas = Canvas(str(tmp_path / "cv.pdf"), pagesize=A4)
    canvas.drawImage(str(tmp_path / "photo.png"), 450, 700, 80, 100)
    for number in range(20):
        canvas.drawString(50, 700 - 14 * number, f"line {number} of a resume with a photo")
    canvas.save()
    assert isinstance(read_one(tmp_path / "cv.pdf"), RawResume)


@pytest.mark.parametrize(("password", "readable"), [("secret", False), ("", True)])
def test_encrypted(pdf: MakePdf, password: str, readable: bool) -> None:
    item = read_one(pdf("cv.pdf", ["A page"], encrypt=StandardEncryption(password, "owner")))
    if readable:  # printing and copying are restricted, reading is not
        assert isinstance(item, RawResume)
    else:
        assert isinstance(item, Rejected)
        assert "encrypted" in item.reason
        assert "password" in item.reason


def test_broken_files_do_not_stop_the_others(pdf: MakePdf, tmp_path: Path) -> None:
    whole = pdf("good.pdf", ["A page"]).read_bytes()
    (tmp_path / "a_zero.pdf").write_bytes(b"")
    (tmp_path / "b_truncated.pdf").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c_text.pdf").write_text("no PDF at all")
    pdf("d_blank.pdf", [])
    items = list(read_resumes([str(tmp_path)]))
    assert [item.resume_id for item in items] == ["a_zero", "b_truncated", "c_text", "d_blank", "good"]
    assert isinstance(items[-1], RawResume)
    reasons = [item.reason for item in items if isinstance(item, Rejected)]
    assert [reason.split(":")[0] for reason in reasons] == [
        "empty",
        "not a readable PDF (damaged or truncated); export it again",
        "not a readable PDF (damaged or truncated); export it again",
        "empty",
    ]
    assert all("\n" not in reason for reason in reasons)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A page whose content stream is two layers of deflate deep and draws text without end."""
    block = b"BT /F1 9 Tf 10 10 Td (bomb bomb bomb) Tj ET\n" * 1000
    packer = zlib.compressobj(1)
    once = b"".join(packer.compress(block) for _ in range(200_000_000 // len(block))) + packer.flush()
    stream = zlib.compress(once, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, offsets = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, len(objects) + 1, len(data),
    )  # fmt: skip
    return data


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(Limits(parse_seconds=2, parse_bytes=8_000_000_000), "more than 2 s", id="time"),
        pytest.param(Limits(parse_seconds=60, parse_bytes=450_000_000), "bytes of memory", id="memory"),
    ],
)
def test_bomb_is_stopped_and_the_next_file_is_read(
    bomb: bytes, pdf: MakePdf, tmp_path: Path, limits: Limits, words: str
) -> None:
    (tmp_path / "a_bomb.pdf").write_bytes(bomb)
    pdf("b_good.pdf", ["A page"])
    rejected, good = read_resumes([str(tmp_path)], limits=limits)
    assert isinstance(rejected, Rejected)
    assert words in rejected.reason
    assert isinstance(good, RawResume)
    assert good.text == "A page"
