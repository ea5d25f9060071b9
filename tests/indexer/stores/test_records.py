from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import BadRecord
from indexer.resumes import Resume, Section, SectionKind, Segment, Span
from indexer.stores import StoredResume
from indexer.stores.records import check_id, decode_resume, encode_resume, from_dict, to_dict
from indexer.vectors import SegmentVectors

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
meta_value = st.one_of(
    text, st.integers(), st.floats(allow_nan=False), st.booleans(), st.lists(text, max_size=3).map(tuple)
)


@st.composite
def resumes(draw: st.DrawFn) -> Resume:
    body = draw(text)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    kinds = st.sampled_from(SectionKind)
    return Resume(
        resume_id=draw(text.filter(bool)),
        text=body,
        version=draw(st.integers(0, 2**62)),
        language=draw(st.sampled_from(["en", "und"])),
        sections=tuple(Section(draw(kinds), start, end, start, end) for start, end in pairs),
        segments=tuple(Segment(body[start:end], start, end, draw(kinds)) for start, end in pairs),
        private=tuple(Span(start, end) for start, end in pairs),
        person_id=draw(st.none() | text),
        meta=draw(st.dictionaries(text, meta_value, max_size=3)),
        origin=draw(text),
    )


@given(resumes())
def test_dict_round_trip(resume: Resume) -> None:
    assert from_dict(to_dict(resume)) == resume


@given(resumes())
def test_bytes_round_trip(resume: Resume) -> None:
    vectors = SegmentVectors.quantise(np.zeros((0, 4), np.float32))
    decoded = decode_resume(encode_resume(StoredResume(resume, vectors, "d1")), vectors)
    assert (decoded.resume, decoded.digest) == (resume, "d1")


def test_types_of_meta_survive() -> None:
    meta = {"a": 1, "b": 1.0, "c": True, "d": ("x", "y"), "e": "1"}
    held = from_dict(to_dict(Resume("r", "", 1, "en", (), (), meta=meta))).meta
    assert [type(value) for value in held.values()] == [int, float, bool, tuple, str]


@pytest.mark.parametrize(("resume_id", "words"), [("", "empty"), ("é" * 256, "512 bytes"), ("a\ud800", "Unicode")])
def test_bad_ids(resume_id: str, words: str) -> None:
    with pytest.raises(BadRecord, match=words) as caught:
        check_id(resume_id)
    assert len(str(caught.value)) < 200


def test_longest_id() -> None:
    assert check_id("é" * 255 + "x") == ("é" * 255 + "x").encode()


def test_lone_surrogate_in_text(record: Callable[..., StoredResume]) -> None:
    with pytest.raises(BadRecord, match=r"'r1' \(made\)"):
        encode_resume(record("r1", lines=("half \ud83d character",)))
