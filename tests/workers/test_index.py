"""`shortlist index` and every kind of bad input: one clear line, a counted rejection, and all else indexed."""

import gzip
import json
import os
import resource
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.workers.conftest import NURSE, Answer, Shortlist, line

GOOD = ("a-good", "lines-1", "lines-3", "odd", "packed-1", "z-good")


def bomb() -> bytes:
    """A page whose content is two layers of deflate deep and draws text without end."""
    block = b"BT /F1 9 Tf 10 10 Td (bomb bomb bomb) Tj ET\n" * 1000
    packer = zlib.compressobj(1)
    content = zlib.compress(b"".join(packer.compress(block) for _ in range(4500)) + packer.flush(), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % entry for entry in enumerate(objects, start=1))
    return b"%PDF-1.5\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF"


@dataclass(frozen=True)
class Faults:
    folder: Path
    home: Path
    answer: Answer
    rejects: list[dict[str, Any]]


@pytest.fixture(scope="module")
def faults(shortlist: Shortlist, tmp_path_factory: pytest.TempPathFactory) -> Faults:
    folder = tmp_path_factory.mktemp("faults")
    nurse = "Registered nurse\n\nExperience\n• Intensive care with ventilated patients, number {}"
    (folder / "a-good.txt").write_text(nurse.format(1))
    (folder / "empty.txt").touch()
    (folder / "zero.pdf").touch()
    (folder / "bomb.pdf").write_bytes(bomb())
    canvas = Canvas(str(folder / "locked.pdf"), encrypt="secret")
    canvas.drawString(50, 700, "Nurse")
    canvas.save()
    packed = gzip.compress((line("packed-1", nurse.format(2)) * 3 + line("packed-2", os.urandom(9000).hex())).encode())
    (folder / "cut.jsonl.gz").write_bytes(packed[:4000])
    (folder / "latin1.txt").write_bytes("Krankenpflegerin für die Nacht".encode("latin-1"))
    (folder / "lines.jsonl").write_text(
        line("lines-1", nurse.format(3)) + '{"text": "nurse"}\n' + line("lines-3", "Nurse 4")
    )
    (folder / "five-megabytes.txt").write_text("Nurse in intensive care. " * 200_000)
    (folder / "ten-thousand.txt").write_text("".join(f"• Nursed patient number {n}\n\n" for n in range(10_000)))
    (folder / "odd.txt").write_text(
        "Registered\0 nurse\n\nExperience\n• Intensive\u202e care\u2066 with ventilated patients"
    )
    (folder / os.fsdecode(b"half\xff\n.txt")).write_text("Nurse")
    (folder / "z-good.txt").write_text(nurse.format(5))
    home = folder.parent / "faults-home"
    answer = shortlist("index", folder, "--home", home, "--parse-bytes", 450_000_000)
    rejects = [json.loads(row) for row in (home / "rejects.jsonl").read_text().splitlines()]
    return Faults(folder, home, answer, rejects)


@pytest.mark.parametrize(
    ("name", "resume_id", "reason", "next_step"),
    [
        ("empty.txt", "empty", "empty: 0 bytes", "export it again"),
        ("zero.pdf", "zero", "empty: 0 bytes", "export it again"),
        ("bomb.pdf", "bomb", "needed more than 450,000,000 bytes of memory", "raise the limit"),
        ("locked.pdf", "locked", "encrypted", "save it without"),
        ("cut.jsonl.gz:4", None, "the gzip data breaks off", "get it again from its source"),
        ("latin1.txt", "latin1", "invalid UTF-8 at byte 18", "save it as UTF-8"),
        ("lines.jsonl:2", None, "no id", "give each record a `resume_id`"),
        ("five-megabytes.txt", "five-megabytes", "the limit is 1,000,000", "raise the limit"),
        ("ten-thousand.txt", "ten-thousand", "more than 2,000 segments", "raise the limit"),
        ("half", None, "holds control or undecodable characters", "rename it"),
    ],
)
def test_each_fault_is_told_in_one_line(
    faults: Faults, name: str, resume_id: str | None, reason: str, next_step: str
) -> None:
    [rejected] = [entry for entry in faults.rejects if entry["origin"].startswith(str(faults.folder / name))]
    assert list(rejected) == ["origin", "resume_id", "reason"]
    if resume_id is not None:
        assert rejected["resume_id"] == resume_id
    assert reason in rejected["reason"]
    assert next_step in rejected["reason"]
    [told] = [row for row in faults.answer.err.splitlines() if f"rejected {faults.folder / name}" in row]
    assert reason in told
    assert next_step in told


def test_everything_else_is_indexed_and_found(shortlist: Shortlist, faults: Faults) -> None:
    assert (faults.answer.code, faults.answer.out) == (1, "")
    counts = faults.answer.counts
    assert (counts["written"], counts["unchanged"], counts["rejected"]) == (6, 2, 10)
    rows = faults.answer.err.splitlines()
    assert len(rows) == 10 + 2
    assert rows[-2] == f"what was rejected is listed with its reasons in {faults.home / 'rejects.jsonl'}"
    assert rows[-1].startswith("written=6 ")
    found = shortlist("search", NURSE, "--home", faults.home)
    assert sorted(found.ids) == sorted(GOOD)
    [odd] = [record for record in found.records if record["resume_id"] == "odd"]
    assert "Intensive care with ventilated patients" in json.dumps(odd)
    assert shortlist("verify", "--home", faults.home).code == 0


def test_a_limit_can_be_raised(shortlist: Shortlist, faults: Faults, tmp_path: Path) -> None:
    text = faults.folder / "ten-thousand.txt"
    answer = shortlist("index", text, "--home", tmp_path / "home", "--max-segments", 5, "--max-characters", 100)
    assert "the limit is 100;" in answer.err
    short = tmp_path / "short.txt"
    short.write_text("".join(f"• Nursed patient number {n}\n\n" for n in range(30)))
    assert shortlist("index", short, "--home", tmp_path / "home", "--max-segments", 5).counts["rejected"] == 1
    assert shortlist("index", short, "--home", tmp_path / "home", "--max-segments", 50).counts["written"] == 1


def test_rejects_are_those_of_the_last_run(shortlist: Shortlist, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shortlist("index", "-", "--home", home, stdin=line("a", "Nurse") + "rubbish\n")
    assert len((home / "rejects.jsonl").read_text().splitlines()) == 1
    answer = shortlist("index", "-", "--home", home, stdin=line("a", "Nurse"))
    assert (answer.code, answer.counts["unchanged"]) == (0, 1)
    assert (home / "rejects.jsonl").read_text() == ""


def test_the_newer_version_wins_in_either_order(shortlist: Shortlist, tmp_path: Path) -> None:
    old, new = line("a", "Welder of steel pipes"), line("a", "Nurse in intensive care", version="2024-05-01")
    old_first = shortlist("index", "-", "--home", tmp_path / "1", stdin=old + new)
    new_first = shortlist("index", "-", "--home", tmp_path / "2", stdin=new + old)
    assert (new_first.code, new_first.counts["written"], new_first.counts["stale"]) == (0, 1, 1)
    assert old_first.code == 0
    for home in ("1", "2"):
        late = shortlist("index", "-", "--home", tmp_path / home, stdin=old)
        assert (late.code, late.counts["stale"], late.counts["segments"]) == (0, 1, 0)
        [found] = shortlist("search", "nurse", "--home", tmp_path / home).records
        assert "Nurse in intensive care" in json.dumps(found)
        assert shortlist("stats", "--home", tmp_path / home).records[0]["resumes"] == 1


def test_one_version_with_two_contents_is_refused(shortlist: Shortlist, tmp_path: Path) -> None:
    answer = shortlist("index", "-", "--home", tmp_path, stdin=line("a", "Nurse") + line("a", "Welder"))
    assert (answer.code, answer.counts["written"], answer.counts["rejected"]) == (1, 1, 1)
    assert "rejected stdin:2: version 1 of 'a' was indexed with other content; raise `version`" in answer.err


def test_unchanged_resumes_are_not_encoded_again(shortlist: Shortlist, people: Path, home: Path) -> None:
    before = shortlist("stats", "--home", home).out
    answer = shortlist("index", people, "--home", home)
    assert answer.code == 0
    assert answer.counts == {"written": 0, "unchanged": 12, "stale": 0, "rejected": 0, "segments": 0}
    assert shortlist("stats", "--home", home).out == before


def test_standard_input_and_usage_errors(shortlist: Shortlist, tmp_path: Path) -> None:
    data = gzip.compress(line("a", "Nurse in Leeds").encode())
    assert shortlist("index", "-", "--home", tmp_path / "home", stdin=data).counts["written"] == 1
    for arguments, words in ((("nowhere",), "no such file"), (("-",), "there is none here"), ((), "Missing argument")):
        answer = shortlist("index", *arguments, "--home", tmp_path / "other")
        assert answer.code == 2
        assert words in answer.err
    assert not (tmp_path / "other").exists()


def test_a_home_among_the_resumes_is_refused(shortlist: Shortlist, people: Path, tmp_path: Path) -> None:
    shutil.copy(people, tmp_path)
    for home in (tmp_path, tmp_path / "deep" / "home"):
        answer = shortlist("index", tmp_path, "--home", home)
        assert answer.code == 2
        assert "which is indexed; put it elsewhere" in answer.err
    for _ in range(2):
        answer = shortlist("index", tmp_path, "--home", tmp_path / ".home")
        assert (answer.code, answer.counts["written"] + answer.counts["unchanged"]) == (0, 12)


def test_an_index_of_another_encoder_is_refused(shortlist: Shortlist, home: Path, people: Path, tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    for arguments in (("index", people), ("search", "nurse")):
        answer = shortlist(*arguments, "--home", home, "--encoder", folder)
        assert answer.code == 1
        assert answer.err.count("\n") == 1
        assert "was written by encoder 'multilingual-e5-small'" in answer.err
        assert folder in answer.err
        assert "use that encoder, or index again into another home" in answer.err
    assert shortlist("index", people, "--home", tmp_path / "home", "--encoder", folder).counts["written"] == 12
    assert len(shortlist("search", "nurse", "--home", tmp_path / "home", "--encoder", folder).ids) == 12
    assert folder in shortlist("search", "nurse", "--home", tmp_path / "home").err


def tiny_model(folder: Path) -> str:
    """A sentence-transformers model of a few random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    folder.mkdir()
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]))
    config = BertConfig(vocab_size=31, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=32), Pooling(16, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def test_a_full_disk(shortlist: Shortlist, home: Path, people: Path, tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes writes past a size fail as a full disk does: what is stored stays, and the next run ends
    where one without the fault does."""
    mine = tmp_path / "home"
    assert shortlist("index", "-", "--home", mine, stdin=people.read_text().splitlines()[0]).counts["written"] == 1
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        answer = shortlist("index", people, "--home", mine)
        assert shortlist("search", "Krankenpflegerin", "--home", mine).ids == ["nurse-de"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1].startswith("shortlist: ")
    assert str(mine) in answer.err
    assert "free space" in answer.err
    assert "run the same command again to go on" in answer.err
    assert shortlist("index", people, "--home", mine).counts["unchanged"] == 1
    assert shortlist("verify", "--home", mine).code == 0
    assert sorted(shortlist("search", NURSE, "--home", mine).ids) == sorted(
        shortlist("search", NURSE, "--home", home).ids
    )
