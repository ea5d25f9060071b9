import gzip
import json
from pathlib import Path

import pytest

from tests.workers.conftest import NURSE, PEOPLE, Shortlist

DEMO = Path(__file__).parents[2] / "demo"
GOOD = PEOPLE[1][3]  # the English nurse
POOR = PEOPLE[6][3]  # the truck driver
POSTING = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Intensive care nurse",
    "description": "<p>You look after ventilated patients.</p><ul><li>Three years of intensive care</li></ul>",
}
JSON_RESUME = {
    "basics": {"name": "Maren Holt", "label": "Registered nurse", "email": "maren@example.org"},
    "work": [{"name": "Leeds ward", "position": "Nurse", "highlights": ["Intensive care, ventilated patients"]}],
}
LISTED = {"title": "Nurse", "requirements": ["intensive care", {"text": "Swedish", "kind": "nice", "weight": 0.5}]}


def rows(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_every_key_is_kept_in_its_order_and_the_better_pair_fits_better(shortlist: Shortlist) -> None:
    extra = {"ä": [1, {"deep": None}], "id": 7, "half": "\ud800"}
    pairs = [{"z": 1, "resume": resume, **extra, "brief": NURSE, "a": 0.1} for resume in (GOOD, POOR)]
    answer = shortlist("score", "-", stdin=rows(*pairs))
    assert (answer.code, answer.err) == (0, "scored=2 failed=0\n")
    for given, got in zip(pairs, answer.records, strict=True):
        assert list(got) == [*given, "fit", "evidence"]
        assert {key: got[key] for key in given} == given
        for entry in got["evidence"]:
            assert list(entry) == ["requirement", "kind", "weight", "fit", "segments"]
            assert all(
                given["resume"][segment["start"] : segment["end"]] == segment["text"] for segment in entry["segments"]
            )
    good, poor = answer.records
    assert 1 >= good["fit"] > poor["fit"] >= 0
    assert any(entry["segments"] for entry in good["evidence"])


@pytest.mark.parametrize("brief", [NURSE, {"text": NURSE}, POSTING, LISTED], ids=["text", "record", "posting", "list"])
@pytest.mark.parametrize(
    "resume",
    [GOOD, {"text": GOOD}, JSON_RESUME, {"resume_id": "r", "sections": {"Experience": "Intensive care nurse"}}],
    ids=["text", "record", "json-resume", "sections"],
)
def test_text_or_object_on_either_side(shortlist: Shortlist, brief: object, resume: object) -> None:
    answer = shortlist("score", stdin=rows({"brief": brief, "resume": resume}, {"brief": brief, "resume": POOR}))
    good, poor = answer.records
    assert good["fit"] > poor["fit"]
    assert good["brief"] == brief
    assert good["resume"] == resume


def test_a_line_depends_on_no_other_line(shortlist: Shortlist) -> None:
    """Resumes of full length: encoded in shared batches, int8 makes their fits differ by thousandths."""
    resumes = [path.read_text("utf-8") for path in sorted((DEMO / "resumes").glob("*.txt"))[:8]]
    pairs = [{"brief": NURSE, "resume": resume} for resume in [*resumes, GOOD, "Nurse. " * 300]]
    together = shortlist("score", stdin=rows(*pairs)).out.splitlines()
    backwards = shortlist("score", stdin=rows(*pairs[::-1])).out.splitlines()
    assert together == backwards[::-1]
    for place in (0, 3, 6, -2):
        assert shortlist("score", stdin=rows(pairs[place])).out.splitlines() == [together[place]]


def test_lines_that_cannot_be_scored_say_why_in_their_place(shortlist: Shortlist, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    lines = [
        json.dumps({"brief": NURSE, "resume": GOOD}).encode(),
        b"rubbish",
        b'{"brief": "nurse", "id": 3}',
        b'{"brief": "nurse", "resume": "\xff"}',
        b"",
        b'{"brief": "nurse", "resume": "??", "id": 6}',
        b'{"brief": "", "resume": "Nurse"}',
        b'{"brief": "nurse", "resume": {"file": "/etc/passwd"}}',
        b"[" * 100_000,
        b'{"brief": "nurse", "resume": "Nurse", "id": NaN}',
        json.dumps({"brief": "nurse", "resume": "x " * 600_000}).encode(),
        b'{"brief": "nurse", "resume": "Nurse", "id": 1e400}',
        b'{"brief": "nurse", "resume": "Nurse in Leeds"}',
    ]
    path.write_bytes(b"\n".join(lines))
    answer = shortlist("score", path)
    assert answer.code == 1
    assert answer.counts == {"scored": 2, "failed": 10}
    assert ["fit" in record for record in answer.records] == [True, *[False] * 10, True]
    reasons = {
        2: "not JSON",
        3: "`resume` is lacking",
        4: "invalid UTF-8 at byte",
        6: "`resume`: no letter or digit",
        7: "`brief`: empty",
        8: "`resume`: `file` works only in a JSON Lines file",
        9: "not JSON that can be read: nested too deeply",
        10: "not JSON: NaN is not a JSON value",
        11: "`resume`: 1,200,000 characters",
        12: "a number too large for JSON readers",
    }
    told = answer.err.splitlines()[:-1]
    errors = [record["error"] for record in answer.records if "error" in record]
    for row, error, (number, reason) in zip(told, errors, reasons.items(), strict=True):
        assert error.startswith(reason)
        assert row == f"{path}:{number}: {error}"
    assert answer.records[2]["id"] == 3


def test_an_answer_that_a_line_brings_along_is_replaced(shortlist: Shortlist) -> None:
    old = {"fit": 9, "evidence": "old", "error": "old"}
    good, bad = shortlist("score", stdin=rows({**old, "brief": NURSE, "resume": GOOD}, {**old, "brief": "x"})).records
    assert list(good) == ["brief", "resume", "fit", "evidence"]
    assert good["fit"] <= 1
    assert list(bad) == ["brief", "error"]
    again = shortlist("score", stdin=rows(good)).records
    assert again == [good]


def test_packed_and_truncated_input(shortlist: Shortlist, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl.gz"
    data = rows(*({"brief": "nurse", "resume": f"Nurse {n} in Leeds", "n": n} for n in range(100)))
    path.write_bytes(gzip.compress(data.encode()))
    assert shortlist("score", path).counts == {"scored": 100, "failed": 0}
    path.write_bytes(path.read_bytes()[:300])
    answer = shortlist("score", path)
    assert answer.code == 1
    assert answer.counts["scored"] == len(answer.records) > 0
    assert "the gzip data breaks off" in answer.err
    assert "get it again from its source" in answer.err


def test_nothing_to_score(shortlist: Shortlist, tmp_path: Path) -> None:
    assert shortlist("score", stdin="").err == "scored=0 failed=0\n"
    answer = shortlist("score", tmp_path / "nowhere")
    assert answer.code == 2
    assert "no such file" in answer.err
