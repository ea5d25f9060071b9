"""Each example in docs/data-formats.md is read by the code as the page says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from indexer.reading import brief_from_value, resume_from_value

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data-formats.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+) (resume|brief)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(what: str) -> list[Any]:
    found: list[Any] = []
    for kind, target, body in BLOCK.findall(PAGE):
        if target == what:
            found += {
                "text": lambda body: [body],
                "json": lambda body: [json.loads(body)],
                "jsonl": lambda body: [json.loads(line) for line in body.splitlines()],
            }[kind](body)
    return found


def test_the_page_has_an_example_of_every_format() -> None:
    assert len(examples("resume")) == 6
    assert len(examples("brief")) == 5


@pytest.mark.parametrize("example", examples("resume"))
def test_an_example_of_a_resume_is_read(example: Any) -> None:
    resume = resume_from_value(example, origin="docs")
    assert re.search("Sage 200|Bookkeeper", resume.text)
    if isinstance(example, dict) and "basics" not in example:
        assert resume.resume_id == example.get("resume_id", example.get("_id"))
        assert resume.version_given == ("version" in example)
        assert resume.meta == example.get("meta", {})


@pytest.mark.parametrize("example", examples("brief"))
def test_an_example_of_a_brief_is_read(example: Any) -> None:
    brief = brief_from_value(example, origin="docs")
    assert "Sage 200" in brief.text
    if isinstance(example, str):
        assert brief.title == "Bookkeeper for a joinery"
    else:
        assert brief.brief_id in {example.get(key) for key in ("brief_id", "_id", "identifier")}
        listed = example.get("requirements")
        assert (brief.requirements is None) == (listed is None)
        assert len(brief.requirements or ()) == len(listed or ())
