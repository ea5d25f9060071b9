import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.limits import Limits
from indexer.reading import Rejected
from indexer.resumes import RawResume, SectionKind
from tests.indexer.reading.reads import one, read, refused

MakeLines = Callable[..., Path]


def test_json_lines(lines: MakeLines) -> None:
    path = lines(
        "dump.jsonl",
        {"resume_id": "a", "person_id": "p", "version": 7, "text": "x",
         "meta": {"country": "FR", "years": 5, "rate": 1.5, "remote": True, "tags": ["u", "v"], "none": None}},
        "",
        {"id": "b", "version": "2024-05-01T10:00:00Z", "sections": {"Skills": "Java", "Work": "Ward\nClinic"}},
        {"resume_id": "c", "sections": [{"kind": "skills", "title": "Können", "text": "Java"}, {"text": "free"},
         {"kind": "education", "text": "MSc"}]},
    )  # fmt: skip
    first, second, third = read(path)
    assert isinstance(first, RawResume)
    assert isinstance(second, RawResume)
    assert isinstance(third, RawResume)
    assert first == RawResume(
        "a", "x", f"{path}:1", 7, True, "p",
        {"country": "FR", "years": 5, "rate": 1.5, "remote": True, "tags": ("u", "v")},
    )  # fmt: skip
    assert (second.version, second.version_given, second.origin) == (1714557600000, True, f"{path}:3")
    assert second.text == "Skills\nJava\n\nWork\nWard\nClinic"
    assert [(second.text[h.start : h.end], h.kind) for h in second.headings] == [("Skills", None), ("Work", None)]
    assert (third.version, third.version_given) == (path.stat().st_mtime_ns // 1_000_000, False)
    assert third.text == "Können\nJava\n\nfree\n\nEducation\nMSc"
    assert [(third.text[h.start : h.end], h.kind) for h in third.headings] == [
        ("Können", SectionKind.SKILLS),
        ("Education", SectionKind.EDUCATION),
    ]


def test_beir_corpus(lines: MakeLines) -> None:
    path = lines(
        "corpus.jsonl",
        {"_id": "1", "title": "Nurse", "text": "Ward work", "metadata": {"country": "FR"}},
        {"_id": "2", "title": "", "text": "Clinic"},
    )
    first, second = read(path)
    assert isinstance(first, RawResume)
    assert (first.resume_id, first.text, first.meta) == ("1", "Nurse\n\nWard work", {"country": "FR"})
    assert isinstance(second, RawResume)
    assert second.text == "Clinic"


BAD_RECORDS: list[tuple[Any, str]] = [
    ({"text": "x"}, "no id"),
    ({"resume_id": "", "text": "x"}, "id is blank"),
    ({"resume_id": 5, "text": "x"}, "`resume_id` is a number"),
    ({"resume_id": "a\nb", "text": "x"}, "control"),
    ({"resume_id": "é" * 300, "text": "x"}, "longer than"),
    ({"resume_id": "a"}, "none of them"),
    ({"resume_id": "a", "text": "x", "sections": []}, "`text` and `sections`"),
    ({"resume_id": "a", "text": ["x"]}, "`text` is a list"),
    ({"resume_id": "a", "text": "  "}, "empty"),
    ({"resume_id": "a", "text": "x", "person_id": 7}, "`person_id` is a number"),
    ({"resume_id": "a", "text": "x", "version": -1}, "out of range"),
    ({"resume_id": "a", "text": "x", "version": 2**63}, "out of range"),
    ({"resume_id": "a", "text": "x", "version": 1.5}, "`version` is a number; it should be a whole number"),
    ({"resume_id": "a", "text": "x", "version": True}, "`version` is a boolean"),
    ({"resume_id": "a", "text": "x", "version": "soon"}, "ISO 8601"),
    ({"resume_id": "a", "text": "x", "version": "1950-01-01"}, "out of range"),
    ({"resume_id": "a", "text": "x", "meta": ["x"]}, "`meta` is a list"),
    ({"resume_id": "a", "text": "x", "meta": {"place": {"x": 1}}}, "`meta.place` is an object"),
    ({"resume_id": "a", "text": "x", "meta": {"tags": [1]}}, "`meta.tags` is a list"),
    ({"resume_id": "a", "sections": "x"}, "`sections` is a string"),
    ({"resume_id": "a", "sections": [7]}, "`sections[0]` is a number"),
    ({"resume_id": "a", "sections": [{"kind": "hobby", "text": "x"}]}, "'hobby'; use one of summary"),
    ({"resume_id": "a", "sections": {"Skills": 5}}, "'Skills'"),
    ({"resume_id": "a", "sections": []}, "empty"),
    ({"resume_id": "a", "sections": {"Skills": " "}}, "empty"),
    (["a"], "a list where an object belongs"),
    ("{not json", "not JSON"),
    ('{"resume_id": "a", "text": "x", "meta": {"n": NaN}}', "NaN"),
    ('{"resume_id": "a", "text": "x", "meta": {"n": 1e999}}', "`meta.n` is a number"),
    ('{"resume_id": "a", "text": "x", "version": ' + "9" * 5000 + "}", "not JSON"),
    ("[" * 200_000, "nested too deeply"),
]


@pytest.mark.parametrize(("record", "words"), BAD_RECORDS, ids=[words for _, words in BAD_RECORDS])
def test_bad_record_is_rejected_with_its_line_and_the_others_are_read(
    lines: MakeLines, record: Any, words: str
) -> None:
    path = lines("dump.jsonl", {"resume_id": "first", "text": "x"}, record, {"resume_id": "last", "text": "y"})
    first, bad, last = read(path)
    assert (first.resume_id, last.resume_id) == ("first", "last")
    assert isinstance(bad, Rejected)
    assert bad.origin == f"{path}:2"
    assert words in bad.reason
    assert "\n" not in bad.reason


def test_bad_bytes_and_long_lines_cost_their_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    good = b'{"resume_id": "%d", "text": "caf\xc3\xa9"}'
    path.write_bytes(
        b"\n".join((good % 1, b'{"resume_id": "bad\xff"}', good % 3, b'{"x": "' + b"y" * 300_000, good % 5))
    )
    one_, bad, three, long, five = read(path, limits=Limits(line_bytes=1000))
    assert [item.resume_id for item in (one_, three, five)] == ["1", "3", "5"]
    assert isinstance(bad, Rejected)
    assert "byte 18" in bad.reason
    assert isinstance(long, Rejected)
    assert (long.origin, "1,000 bytes" in long.reason) == (f"{path}:4", True)


def test_lone_surrogates_become_replacement_characters(lines: MakeLines) -> None:
    resume = one(lines("dump.jsonl", '{"resume_id": "a", "text": "x \\ud800 y", "meta": {"k": "\\udfff"}}'))
    assert (resume.text, resume.meta) == ("x \ufffd y", {"k": "\ufffd"})
    resume.text.encode()


def test_too_long_record(lines: MakeLines) -> None:
    rejected = refused(lines("dump.jsonl", {"resume_id": "a", "text": "x" * 101}), limits=Limits(characters=100))
    assert (rejected.resume_id, "101 characters" in rejected.reason) == ("a", True)


def test_empty_json_lines(tmp_path: Path) -> None:
    for data in ("", "\n\n"):
        (tmp_path / "dump.jsonl").write_text(data)
        assert refused(tmp_path / "dump.jsonl").reason.startswith("empty")


def test_records_that_name_files(lines: MakeLines, pdf: Callable[..., Path], tmp_path: Path) -> None:
    pdf("one.pdf", ["A page"])
    (tmp_path / "two.txt.gz").write_bytes(gzip.compress(b"zipped"))
    (tmp_path / "three.json").write_text(json.dumps({"basics": {"label": "Nurse"}}))
    path = lines("dump.jsonl", *({"resume_id": name, "file": name} for name in ("one.pdf", "two.txt.gz", "three.json")))
    items = read(path)
    assert [item.text for item in items if isinstance(item, RawResume)] == ["A page", "zipped", "Summary\nNurse"]
    assert [item.version for item in items if isinstance(item, RawResume)][:1] == [
        (tmp_path / "one.pdf").stat().st_mtime_ns // 1_000_000
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../secret.txt", "leads out"),
        ("/etc/hostname", "leads out"),
        ("link.txt", "leads out"),
        ("a\0b", "does not exist"),
        ("", "leads out"),
        ("absent.txt", "does not exist"),
        ("dump.jsonl", "single document"),
        ("broken.pdf", "'broken.pdf': not a readable PDF"),
    ],
)
def test_named_files_stay_inside_the_folder(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4")
    (folder / "dump.jsonl").write_text(json.dumps({"resume_id": "a", "file": name}))
    assert words in refused(folder / "dump.jsonl").reason


def test_stdin_names_no_files() -> None:
    rejected = refused("-", stdin=io.BytesIO(b'{"resume_id": "a", "file": "/etc/hostname"}'))
    assert "on disk" in rejected.reason
