"""`LmdbStore` against a dict that does the same."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indexer.filters import Filter
from indexer.resumes import MetaValue, Resume
from indexer.stores import Outcome, StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.vectors import SegmentVectors

IDS = st.sampled_from(["a", "b", "ä\0", "x" * 511])
VERSIONS = st.integers(0, 4)
VALUES = st.sampled_from(["FR", "5", 5, 5.0, 7.25, True, ("FR", "DE"), (), ""])
EXPRESSIONS = ["f=FR", "f!=FR", "f>=5", "f<7", "f=5,DE", "f!=true", "f>1e3", "language=en", "g!=1", "f<=7.25"]
NO_VECTORS = SegmentVectors.quantise(np.zeros((0, 4), np.float32))


@st.composite
def records(draw: st.DrawFn) -> StoredResume:
    content = draw(st.sampled_from(["one", "two"]))
    meta: dict[str, MetaValue] = draw(st.dictionaries(st.just("f"), VALUES))
    language = draw(st.sampled_from(["en", "de"]))
    resume = Resume(draw(IDS), content, draw(VERSIONS), language, (), (), meta=meta)
    return StoredResume(resume, NO_VECTORS, f"{content} {language} {meta!r}")


class LmdbAgainstDict(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.path = Path(tempfile.mkdtemp())
        self.store = LmdbStore(self.path)
        self.live: dict[str, StoredResume] = {}
        self.tombstones: dict[str, int] = {}
        self.log: dict[str, int] = {}  # id → sequence
        self.sequence = 0

    def note(self, resume_id: str) -> None:
        self.sequence += 1
        self.log[resume_id] = self.sequence

    def expect(self, record: StoredResume) -> Outcome:
        key, version = record.resume.resume_id, record.resume.version
        if self.tombstones.get(key, -1) >= version:
            return Outcome.STALE
        held = self.live.get(key)
        if held is not None and held.resume.version > version:
            return Outcome.STALE
        if held is not None and held.digest == record.digest:
            self.live[key] = record
            return Outcome.UNCHANGED
        if held is not None and held.resume.version == version:
            return Outcome.CONFLICT
        self.tombstones.pop(key, None)
        self.live[key] = record
        self.note(key)
        return Outcome.WRITTEN

    @rule(record=records())
    def put(self, record: StoredResume) -> None:
        assert self.store.put([record]) == [self.expect(record)]

    @rule(batch=st.lists(records(), max_size=5, unique_by=lambda record: record.resume.resume_id))
    def put_many(self, batch: list[StoredResume]) -> None:
        assert self.store.put(batch) == [self.expect(record) for record in batch]

    @rule(batch=st.lists(records(), max_size=6))
    def put_with_duplicates(self, batch: list[StoredResume]) -> None:
        newest: dict[str, StoredResume] = {}
        for record in batch:
            held = newest.get(record.resume.resume_id)
            if held is None or record.resume.version > held.resume.version:
                newest[record.resume.resume_id] = record
        outcomes = self.store.put(batch)
        for record, outcome in zip(batch, outcomes, strict=True):
            if record is newest[record.resume.resume_id]:
                assert outcome is self.expect(record)
            else:
                assert outcome is not Outcome.WRITTEN

    @rule(resume_id=IDS, version=VERSIONS)
    def delete(self, resume_id: str, version: int) -> None:
        held = self.live.get(resume_id)
        if (held is not None and held.resume.version > version) or self.tombstones.get(resume_id, -1) > version:
            expected = Outcome.STALE
        elif resume_id in self.tombstones:
            expected = Outcome.UNCHANGED
            self.tombstones[resume_id] = version
        else:
            expected = Outcome.WRITTEN
            self.live.pop(resume_id, None)
            self.tombstones[resume_id] = version
            self.note(resume_id)
        assert self.store.delete(resume_id, version) is expected

    @precondition(lambda self: self.sequence > 3)
    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = LmdbStore(self.path)

    @invariant()
    def same(self) -> None:
        assert len(self.store) == len(self.live)
        assert self.store.watermark() == self.sequence
        assert {change.resume_id: change.sequence for change in self.store.changes()} == self.log
        assert {c.resume_id: c.version for c in self.store.changes() if c.deleted} == self.tombstones
        held = self.store.get(sorted(self.live))
        assert [each and each.resume for each in held] == [self.live[key].resume for key in sorted(self.live)]
        languages = [record.resume.language for record in self.live.values()]
        assert self.store.languages() == {language: languages.count(language) for language in languages}
        for expression in EXPRESSIONS:
            condition = Filter.parse(expression)
            assert self.store.select([condition]) == {
                key
                for key, record in self.live.items()
                if condition.matches({**record.resume.meta, "language": record.resume.language})
            }

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.path)


TestLmdbAgainstDict = LmdbAgainstDict.TestCase
TestLmdbAgainstDict.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
