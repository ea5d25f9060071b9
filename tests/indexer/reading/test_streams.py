import gzip
import io
import subprocess
import sys

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.reading.layout import Box, reading_order
from indexer.reading.streams import Stream
from indexer.reading.text import clean


class Dribble(io.RawIOBase):
    """Hands out its bytes in pieces of the given sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = io.BytesIO(data), [*sizes]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._sizes.pop()) if self._sizes else size)


@settings(deadline=None)
@given(
    lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=20),
    sizes=st.lists(st.integers(1, 9), max_size=300),
    packing=st.sampled_from(["plain", "gzip", "zstd"]),
    limit=st.integers(5, 40),
)
def test_lines_do_not_depend_on_how_the_bytes_arrive(
    lines: list[bytes], sizes: list[int], packing: str, limit: int
) -> None:
    data = b"x" + b"\n".join(lines)  # the letter keeps arbitrary bytes from looking like a BOM or an archive
    expected = data.split(b"\n") if not data.endswith(b"\n") else data.split(b"\n")[:-1]
    pack = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}[packing]
    stream = Stream(Dribble(pack(data), sizes))  # type: ignore[arg-type]
    assert data.startswith(stream.head())
    found = list(stream.lines(limit))
    assert [line.number for line in found] == list(range(1, len(expected) + 1))
    assert [line.data for line in found] == [line if len(line) <= limit else None for line in expected]


@settings(deadline=None)
@given(st.text(st.characters()))
def test_clean_text_is_writable_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned
    assert all(character >= " " or character in "\n\t" for character in cleaned)
    assert [c for c in cleaned if c.isalnum()] == [c for c in text if c.isalnum()]


boxes = st.builds(
    lambda x, y, width, bold: Box(f"{x},{y}", x, y, x + width, y + 10, 10, bold),
    st.sampled_from([50.0, 52.0, 200.0, 320.0]) | st.floats(0, 500),
    st.integers(0, 60).map(lambda row: 12.0 * row) | st.floats(0, 800),
    st.floats(1, 300),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(boxes, max_size=60))
def test_layout_loses_and_doubles_nothing(page: list[Box]) -> None:
    ordered = [box for rows in reading_order(page, 10) for row in rows for box in row.boxes]
    assert sorted(map(id, ordered)) == sorted(map(id, page))


def test_the_child_process_stays_light() -> None:
    heavy = "{'torch', 'transformers', 'faiss'}"
    code = f"import sys, indexer.reading.sandbox_child; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
