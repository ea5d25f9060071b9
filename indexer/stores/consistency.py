"""Whether the derived indexes hold what the store holds: neither less, nor more, nor something older."""

from collections.abc import Callable, Iterator
from pathlib import Path

from zstandard import ZstdError

from indexer.errors import ShortlistError
from indexer.stores import ResumeStore
from indexer.stores.faiss import FaissIndex
from indexer.stores.generation import current, damage
from indexer.stores.tantivy import TantivyIndex


def differences(
    store: ResumeStore, lexical: TantivyIndex | None, dense: Callable[[], FaissIndex], dense_directory: Path
) -> list[str]:
    """One line for each difference, both ways, by id and by the change that was indexed.

    Without `lexical` the store finds words itself, in the very documents that it keeps.
    """
    live = {change.resume_id: change.sequence for change in store.changes() if not change.deleted}
    found, without_vectors = _unreadable(store, live)
    if lexical is not None:
        found += _compared("lexical index", live, lexical.sequences)
    generation = current(dense_directory)
    found += [] if generation is None else damage(generation)
    with_vectors = {resume_id: sequence for resume_id, sequence in live.items() if resume_id not in without_vectors}
    found += _compared("dense index", with_vectors, lambda: dense().sequences())
    return found


def _unreadable(store: ResumeStore, live: dict[str, int]) -> tuple[list[str], set[str]]:
    """Records that cannot be read back, and ids without a vector, which no dense index holds."""
    found: list[str] = []
    without: set[str] = set()
    for resume_id in live:  # one by one, so that a damaged record does not hide its neighbours
        try:
            held = store.get([resume_id])[0]
        except (ShortlistError, ValueError, KeyError, ZstdError) as error:
            found.append(f"store: resume {resume_id!r} cannot be read: {error}; index it again")
            continue
        if held is None:
            found.append(f"store: resume {resume_id!r} is in the change log and has no record; index it again")
        elif not len(held.vectors):
            without.add(resume_id)
    return found, without


def _compared(name: str, expected: dict[str, int], read: Callable[[], Iterator[tuple[str, int]]]) -> list[str]:
    found: list[str] = []
    missing = dict(expected)
    seen: set[str] = set()
    try:
        for resume_id, sequence in read():
            missing.pop(resume_id, None)
            if resume_id in seen:
                found.append(f"{name}: resume {resume_id!r} is there twice")
            elif resume_id not in expected:
                found.append(f"{name}: resume {resume_id!r} is there and not in the store")
            elif sequence != expected[resume_id]:
                found.append(
                    f"{name}: resume {resume_id!r} is there as of change {sequence}, not {expected[resume_id]}"
                )
            seen.add(resume_id)
    except ShortlistError as error:
        return [f"{name}: {error}"]
    return found + [f"{name}: resume {resume_id!r} is missing" for resume_id in missing]
