import gzip
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from indexer.errors import UnreadableFile
from indexer.limits import Limits
from indexer.reading import Rejected, read_resumes
from indexer.resumes import RawResume, SectionKind

MakeLines = Callable[..., Path]


def read(*sources: Path | str, **options: Any) -> list[RawResume | Rejected]:
    return list(read_resumes([str(source) for source in sources], **options))


def one(*sources: Path | str, **options: Any) -> RawResume:
    (item,) = read(*sources, **options)
    assert isinstance(item, RawResume), item
    return item


def refused(*sources: Path | str, **options: Any) -> Rejected:
    (item,) = read(*sources, **options)
    assert isinstance(item, Rejected), item
    assert "\n" not in item.reason
    return item


# Sources


def test_folder_is_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/2.txt", "a.txt", "b/1.md", ".hidden.txt", ".git/x.txt", "b/.secret", "c.TXT", "no_suffix"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text of {path.stem}")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    items = read(tmp_path)
    assert [item.resume_id for item in items] == ["a", "b/1", "b/2", "c", "no_suffix"]
    assert all(isinstance(item, RawResume) for item in items)
    assert items[1].origin == str(tmp_path / "b" / "1.md")


def test_ids_of_files_that_share_a_stem(tmp_path: Path) -> None:
    for name in ("cv.txt", "cv.md", "cv.md.txt", "other.txt.gz"):
        data = name.encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    ids = [item.resume_id for item in read(tmp_path)]
    assert ids == ["cv.md", "cv.md.txt", "cv.txt", "other"]


def test_two_folders_never_mix_up_their_people(tmp_path: Path) -> None:
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cv.txt").write_text(f"from the {folder}")
        (tmp_path / folder / "dump.jsonl").write_text(json.dumps({"resume_id": folder, "text": "x"}))
    items = read(tmp_path / "north", tmp_path / "south")
    assert [item.resume_id for item in items] == ["cv", "north", "cv", "south"]
    assert isinstance(items[2], Rejected)
    assert f"taken by {tmp_path / 'north' / 'cv.txt'}" in items[2].reason
    assert [item.resume_id for item in read(tmp_path)] == ["north/cv", "north", "south/cv", "south"]


def test_missing_source_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(UnreadableFile, match="absent"):
        read_resumes([str(tmp_path), str(tmp_path / "absent.txt")])
    with pytest.raises(UnreadableFile, match="standard input"):
        read_resumes(["-"])
    assert read() == []


def test_stdin_is_sniffed() -> None:
    records = b'{"resume_id": "a", "text": "x"}\n{"resume_id": "b", "text": "y"}\n'
    items = read("-", stdin=io.BytesIO(records))
    assert [(item.resume_id, item.origin) for item in items] == [("a", "stdin:1"), ("b", "stdin:2")]
    resume = one("-", stdin=io.BytesIO(gzip.compress("Zoë, nurse".encode())))
    assert (resume.resume_id, resume.text, resume.version, resume.version_given) == ("stdin", "Zoë, nurse", 0, False)
    assert one("-", stdin=io.BytesIO(b"[Objective] to nurse")).text == "[Objective] to nurse"
    assert refused("-", stdin=io.BytesIO(b"")).reason.startswith("empty")


def test_reading_is_lazy() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def read(self, _: int = -1) -> bytes:
            self.taken += 1
            return b'{"resume_id": "r", "text": "x"}\n' * 1000

    stream = Endless()
    items = read_resumes(["-"], stdin=stream)  # type: ignore[arg-type]
    assert [next(items).resume_id for _ in range(5000)] == ["r"] * 5000
    assert stream.taken < 20


def test_ctrl_c_passes_through() -> None:
    class Interrupted(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, _: int = -1) -> bytes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read("-", stdin=Interrupted())


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0)
    assert "permissions" in refused(tmp_path / "a.txt").reason


# Plain text and Markdown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("Łódź, śpiew 🎵\r\nsecond".encode(encoding))
    assert one(tmp_path / "a.txt").text == "Łódź, śpiew 🎵\nsecond"


def test_control_and_bidi_characters(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("a\0b\tc\x07d\u202edcba\u202c\u2066x\u2069\u200f\x85e\r\nf\rg".encode())
    assert one(tmp_path / "a.txt").text == "a b\tc ddcbax\ne\nf\ng"


def test_invalid_utf8_names_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"0123456\xe9abc")
    assert "byte 7" in refused(tmp_path / "a.txt").reason
    (tmp_path / "a.txt").write_bytes(b"\xff\xfea\0b")
    assert "UTF-16" in refused(tmp_path / "a.txt").reason


def test_empty_and_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for blank in ("", " \n\t\n", "\ufeff"):
        path.write_text(blank)
        assert refused(path).reason.startswith("empty")
    path.write_text("word " * 1_000_000)
    assert "5,000,000 characters" in refused(path).reason
    assert "larger than 1,000 bytes" in refused(path, limits=Limits(file_bytes=1000)).reason


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.rtf", rb"{\rtf1 hello}", "RTF"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old binary Office"),
        ("a.zip", b"PK\x03\x04" + bytes(100), "zip archive"),
        ("a.bin", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\xff\xfe", "binary data"),
    ],
)
def test_other_types_are_named(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert words in refused(tmp_path / name).reason


def test_markdown(tmp_path: Path) -> None:
    source = """# Ana **Exemplo**

Engineer, [portfolio](https://example.org/ana) and <ana@example.org>
second line

Experience
----------
- Built *bridges*
- Used `C++` & 3 < 4
  1. nested

| Skill | Years |
|---|---|
| Java | 5 |

```
verbatim # not a heading
```
"""
    (tmp_path / "a.md").write_text(source)
    resume = one(tmp_path / "a.md")
    assert [line for line in resume.text.split("\n") if line] == [
        "Ana Exemplo", "Engineer, portfolio (https://example.org/ana) and ana@example.org", "second line", "Experience",
        "• Built bridges", "• Used C++ & 3 < 4", "• nested", "Skill\tYears", "Java\t5", "verbatim # not a heading",
    ]  # fmt: skip
    assert [resume.text[h.start : h.end] for h in resume.headings] == ["Ana Exemplo", "Experience"]


def test_html(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><style>p {}</style><script>x()</script></head><body><h2>Skills</h2><ul><li>Java"
        "<li>C &amp; C++</ul><p>one <b>two</b>three<br>four</p></body>"
    )
    resume = one(tmp_path / "a.html")
    assert [line for line in resume.text.split("\n") if line] == [
        "Skills",
        "• Java",
        "• C & C++",
        "one twothree",
        "four",
    ]
    assert [resume.text[h.start : h.end] for h in resume.headings] == ["Skills"]


# Compression


def compressed(suffix: str, data: bytes) -> bytes:
    return gzip.compress(data) if suffix == ".gz" else zstandard.ZstdCompressor(write_checksum=True).compress(data)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_document_and_members(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cv.txt{suffix}"
    path.write_bytes(compressed(suffix, b"one ") + compressed(suffix, b"two"))
    resume = one(path)
    assert (resume.resume_id, resume.text) == ("cv", "one two")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_truncated_archive(tmp_path: Path, suffix: str) -> None:
    noise = [os.urandom(300).hex() for _ in range(600)]
    records = "".join(json.dumps({"resume_id": f"r{n}", "text": text}) + "\n" for n, text in enumerate(noise)).encode()
    whole = compressed(suffix, records)
    path = tmp_path / f"dump.jsonl{suffix}"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    *kept, last = read(path)
    assert isinstance(last, Rejected)
    assert [item.resume_id for item in kept] == [f"r{n}" for n in range(len(kept))]
    assert all(isinstance(item, RawResume) and item.text == text for item, text in zip(kept, noise, strict=False))
    assert 100 < len(kept) < 600
    assert last.origin == f"{path}:{len(kept) + 1}"
    assert "truncated" in last.reason
    assert f"the {len(kept)} records before it" in last.reason

    document = tmp_path / f"cv.txt{suffix}"
    whole = compressed(suffix, "".join(noise).encode())
    document.write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refused(document).reason
    document.write_bytes(whole[:60] + b"\xff" * 40 + whole[100:])
    assert "damaged" in refused(document).reason


def test_compression_bomb_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl.zst"
    packed = zstandard.ZstdCompressor().compress(b" " * 100_000_000 + b"\n")
    path.write_bytes(packed + compressed(".zst", b'{"resume_id": "a", "text": "x"}\n'))
    long, good = read(path, limits=Limits(line_bytes=1_000_000))
    assert isinstance(long, Rejected)
    assert (long.origin, good.resume_id) == (f"{path}:1", "a")


# JSON Lines and BEIR


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


# JSON Resume

JSON_RESUME: dict[str, Any] = {
    "$schema": "https://example.org/schema.json",
    "basics": {
        "name": "Ana Exemplo", "label": "Nurse", "email": "ana@example.org", "phone": "+351 912 345 678",
        "url": "https://example.org", "summary": "Cares for people.",
        "location": {"address": "Rua Um 1", "postalCode": "1000-001", "city": "Lisboa", "countryCode": "PT"},
        "profiles": [{"network": "Forge", "username": "ana", "url": "https://example.org/ana"}],
    },
    "work": [{"name": "Hospital", "position": "Head nurse", "startDate": "2019-01", "endDate": "2023-02",
              "summary": "Led a ward.", "highlights": ["Cut falls by a third", "Trained twenty"], "shift": "night"}],
    "education": [{"institution": "Escola", "area": "Nursing", "studyType": "Bachelor", "courses": ["Anatomy"]}],
    "skills": [{"name": "Triage", "level": "Master", "keywords": ["Manchester", "ESI"]}],
    "languages": [{"language": "Portuguese", "fluency": "Native"}],
    "certificates": [{"name": "ACLS", "issuer": "Council", "date": "2020-01-01"}],
    "publications": [{"name": "On falls", "publisher": "Review", "releaseDate": "2021", "summary": "A study."}],
    "projects": [{"name": "Fall chart", "description": "A chart.", "roles": ["Lead"], "entity": "Ward"}],
    "awards": [{"title": "Best nurse", "awarder": "City"}],
    "interests": [{"name": "Rowing", "keywords": ["Skiff"]}],
    "references": [{"name": "Dr. Um", "reference": "A rock."}],
    "volunteer": [{"organization": "Shelter", "position": "Helper"}],
    "custom": {"deep": [{"leaf": "Unforeseen"}]},
    "meta": {"canonical": "https://example.org/x", "version": "v1.0.0", "lastModified": "2024-05-01T10:00:00"},
}  # fmt: skip


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield str(value)


def test_json_resume_keeps_every_leaf_under_its_kind(tmp_path: Path) -> None:
    (tmp_path / "ana.json").write_text(json.dumps(JSON_RESUME, indent=2))
    resume = one(tmp_path / "ana.json")
    assert (resume.resume_id, resume.version, resume.version_given) == ("ana", 1714557600000, True)
    content = {key: value for key, value in JSON_RESUME.items() if key not in ("$schema", "meta")}
    assert [leaf for leaf in leaves(content) if leaf not in resume.text] == []
    kinds = {resume.text[h.start : h.end]: h.kind for h in resume.headings}
    assert kinds == {
        "Contact": SectionKind.CONTACT, "Summary": SectionKind.SUMMARY, "Experience": SectionKind.EXPERIENCE,
        "Volunteering": SectionKind.EXPERIENCE, "Projects": SectionKind.PROJECTS, "Education": SectionKind.EDUCATION,
        "Skills": SectionKind.SKILLS, "Languages": SectionKind.LANGUAGES, "Certifications": SectionKind.CERTIFICATIONS,
        "Publications": SectionKind.PUBLICATIONS, "Awards": SectionKind.OTHER, "Interests": SectionKind.OTHER,
        "References": SectionKind.OTHER, "Custom": SectionKind.OTHER,
    }  # fmt: skip
    contact = resume.text[: resume.text.index("Summary")]
    assert contact.split("\n") == [
        "Contact", "Name: Ana Exemplo", "Email: ana@example.org", "Phone: +351 912 345 678", "Url: https://example.org",
        "Address: Rua Um 1, 1000-001, Lisboa, PT", "Network: Forge, ana, https://example.org/ana", "", "",
    ]  # fmt: skip
    assert (
        "Head nurse, Hospital (2019-01 – 2023-02)\nLed a ward.\nShift: night\n• Cut falls by a third\n" in resume.text
    )


def test_json_files(tmp_path: Path) -> None:
    path = tmp_path / "cv.json"
    path.write_text(json.dumps([{"resume_id": "a", "text": "x"}, JSON_RESUME, {"resume_id": "c"}]))
    first, second, third = read(path)
    assert (first.resume_id, second.resume_id, third.resume_id) == ("a", "cv-2", "c")
    assert isinstance(third, Rejected)
    assert third.origin == f"{path}[3]"
    path.write_text('{"resume_id": "a", "text": "x"}\n{"resume_id": "b", "text": "y"}\n')  # JSON Lines by another name
    assert [item.resume_id for item in read(path)] == ["a", "b"]
    path.write_text('{"text": "by its stem"}')
    assert one(path).resume_id == "cv"
    path.write_text("{broken")
    assert "not JSON" in refused(path).reason


def test_json_resume_in_json_lines_needs_an_id(lines: MakeLines) -> None:
    good, bad = read(lines("dump.jsonl", {"resume_id": "a", **JSON_RESUME}, JSON_RESUME))
    assert isinstance(good, RawResume)
    assert re.search("Head nurse", good.text)
    assert isinstance(bad, Rejected)
    assert "no id" in bad.reason
