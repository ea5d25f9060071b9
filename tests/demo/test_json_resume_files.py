"""The demo's JSON Resume files have the shape of JSON Resume 1.0.

The models name what the demo uses and refuse anything else; the schema itself lets items have more keys.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, StringConstraints

Date = Annotated[
    str, StringConstraints(pattern=r"^([1-2][0-9]{3}-[0-1][0-9]-[0-3][0-9]|[1-2][0-9]{3}-[0-1][0-9]|[1-2][0-9]{3})$")
]
Text = Annotated[str, StringConstraints(min_length=1)]


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Basics(Item):
    name: Text
    label: Text
    email: Annotated[str, StringConstraints(pattern=r"^[a-z.]+@example\.org$")]
    phone: Text | None = None
    summary: Text


class Post(Item):
    name: Text
    position: Text
    location: Text | None = None
    startDate: Date  # noqa: N815 - the schema's own name
    endDate: Date | None = None  # noqa: N815
    highlights: list[Text]


class Education(Item):
    institution: Text | None = None
    studyType: Text  # noqa: N815
    endDate: Date | None = None  # noqa: N815


class Named(Item):
    name: Text


class Language(Item):
    language: Text
    fluency: Text


class Volunteer(Item):
    summary: Text


class Meta(Item):
    version: Annotated[str, StringConstraints(pattern=r"^v1\.0\.0$")]


class JsonResume(Item):
    basics: Basics
    work: list[Post]
    education: list[Education]
    skills: list[Named] = []
    languages: list[Language]
    certificates: list[Named] = []
    interests: list[Named] = []
    volunteer: list[Volunteer] = []
    meta: Meta


HERE = Path(__file__).resolve().parent
FILES = sorted((HERE.parents[1] / "demo" / "resumes").glob("*.json"))
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_the_shape_of_json_resume(path: Path) -> None:
    resume = JsonResume.model_validate_json(path.read_text("utf-8"))
    assert resume.work
    assert resume.education
    assert resume.languages
    assert all(post.endDate is None or post.startDate[:4] <= post.endDate[:4] for post in resume.work)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_keeps_every_year_of_its_text(path: Path) -> None:
    lines = (HERE / "rendered.jsonl").read_text("utf-8").splitlines()
    text = next(line["text"] for line in map(json.loads, lines) if line["file"] == path.name)
    assert not Counter(YEAR.findall(text)) - Counter(YEAR.findall(path.read_text("utf-8")))
