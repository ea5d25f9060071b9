import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from indexer.errors import UnreadableFile
from indexer.limits import Limits
from indexer.reading import Rejected, read_resumes
from indexer.resumes import RawResume
from tests.indexer.reading.reads import one, read, refused

MakeLines = Callable[..., Path]


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
