"""Reading order on one page: rows of text boxes, and columns cut apart where a corridor of white separates them.

A recursive cut after the XY-cut of Nagy and Seth (1984), with one change: a corridor need not cross the whole
page, only a run of rows, so that a full-width header above two columns does not glue them together. A table, a
column of dates or a margin of headings is not a column of its own: its rows are read across.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

_MIN_ROWS = 3  # on each side of a corridor
_MIN_GUTTER = 8.0  # points; a gap between words is 3 or 4, gutters of resumes start at 10
_SAME_EDGE = 3.0  # points within which left edges count as aligned
_TAB_GAP = 2.0  # font sizes of white within a row that stand for a tab
_SPACE_GAP = 0.12  # font sizes of white that stand for a space
_DATE = re.compile(r"\d{4}|\d{1,2}[/.]\d{2,4}|^[\d\W]+$")
_DATE_CHARACTERS = 30


@dataclass(frozen=True, slots=True)
class Box:
    """A run of text: points from the page's top left corner, font size in points."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Row:
    """Boxes on one base line, from left to right."""

    boxes: tuple[Box, ...]

    @property
    def y0(self) -> float:
        return min(box.y0 for box in self.boxes)

    @property
    def y1(self) -> float:
        return max(box.y1 for box in self.boxes)

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def size(self) -> float:
        return max(box.size for box in self.boxes)

    @property
    def bold(self) -> bool:
        return all(box.bold for box in self.boxes)

    @property
    def text(self) -> str:
        """The row's words; a wide gap becomes a tab."""
        text = self.boxes[0].text
        for before, box in pairwise(self.boxes):
            gap = (box.x0 - before.x1) / max(box.size, 1.0)
            is_bullet = len(text.strip()) == 1
            text += "\t" if gap > _TAB_GAP and not is_bullet else " " if gap > _SPACE_GAP else ""
            text += box.text
        return text.strip()


def reading_order(boxes: Sequence[Box], body_size: float) -> list[list[Row]]:
    """Rows in blocks, each block within one column, in the order in which a person reads them."""
    return [rows for block in _order(list(boxes), body_size) if (rows := _rows(block))]


def _order(boxes: list[Box], body_size: float) -> Iterator[list[Box]]:
    cut = _best_cut(boxes, body_size)
    if cut is None:
        yield boxes
        return
    for part in cut:
        if part:
            yield from _order(part, body_size)


def _rows(boxes: Sequence[Box]) -> list[Row]:
    groups: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.middle):
        for group in groups[-2:]:
            overlap = min(group[0].y1, box.y1) - max(group[0].y0, box.y0)
            if overlap > 0.5 * min(group[0].y1 - group[0].y0, box.y1 - box.y0):
                group.append(box)
                break
        else:
            groups.append([box])
    return [Row(tuple(sorted(group, key=lambda box: box.x0))) for group in groups]


def _best_cut(boxes: list[Box], body_size: float) -> tuple[list[Box], list[Box], list[Box], list[Box]] | None:
    """Above, left, right and below of the corridor that separates most rows; None when there is none."""
    if len(boxes) < 2 * _MIN_ROWS:
        return None
    boxes = sorted(boxes, key=lambda box: box.middle)
    best, best_score = None, 0
    for x in _left_edges(boxes):
        crossing = [i for i, box in enumerate(boxes) if box.x0 < x - _SAME_EDGE and box.x1 > x - _MIN_GUTTER]
        for start, end in pairwise([-1, *crossing, len(boxes)]):
            band = boxes[start + 1 : end]
            if len(band) < max(2 * _MIN_ROWS, best_score):
                continue
            following = boxes[end] if end < len(boxes) else None
            left = [box for box in band if box.x1 <= x - _MIN_GUTTER]
            right = [box for box in band if box.x0 >= x - _SAME_EDGE]
            left, right, late = _without_tail(left, right, following)
            score = len(left) + len(right)
            if score > best_score and _are_columns(left, right, body_size):
                best, best_score = (boxes[: start + 1], left, right, late + boxes[end:]), score
    return best


def _left_edges(boxes: Sequence[Box]) -> list[float]:
    """Abscissas where several boxes start, apart from the leftmost."""
    edges = sorted(box.x0 for box in boxes)
    found: list[float] = []
    start = 0
    for i in range(1, len(edges) + 1):
        if i == len(edges) or edges[i] - edges[start] > _SAME_EDGE:
            if i - start >= _MIN_ROWS and start > 0:
                found.append(edges[start])
            start = i
    return found


def _without_tail(left: list[Box], right: list[Box], following: Box | None) -> tuple[list[Box], list[Box], list[Box]]:
    """Give the rows just above a full-width line back to it: they are its heading, not the column's last line."""
    late: list[Box] = []
    while following is not None and left and right and left[-1].middle != right[-1].middle:
        longer, shorter = (left, right) if left[-1].middle > right[-1].middle else (right, left)
        last, height = longer[-1], following.y1 - following.y0
        if last.y0 < shorter[-1].y1 or following.y0 - last.y1 > 1.5 * height:
            break
        late.insert(0, longer.pop())
        following = last
    return left, right, late


def _are_columns(left: Sequence[Box], right: Sequence[Box], body_size: float) -> bool:
    sides = _rows(left), _rows(right)
    if min(map(len, sides)) < _MIN_ROWS:
        return False
    overlap = min(side[-1].y1 for side in sides) - max(side[0].y0 for side in sides)
    if overlap < 0.5 * min(side[-1].y1 - side[0].y0 for side in sides):
        return False
    if any(
        _share(side, _is_date) > 0.5 or _share(side, lambda row: _stands_out(row, body_size)) > 0.7 for side in sides
    ):
        return False
    sparse, dense = sorted(sides, key=len)
    if _share(sparse, lambda row: any(abs(row.middle - other.middle) < 0.2 * row.size for other in dense)) < 0.8:
        return True
    # Every row of one side sits level with a row of the other: a table, or columns of the same line pitch.
    return all(any(_stands_out(row, body_size) for row in side) for side in sides) or all(map(_is_prose, sides))


def _share(rows: Sequence[Row], test: Callable[[Row], bool]) -> float:
    return fmean(test(row) for row in rows)


def _is_date(row: Row) -> bool:
    return len(row.text) <= _DATE_CHARACTERS and _DATE.search(row.text) is not None


def _stands_out(row: Row, body_size: float) -> bool:
    return row.bold or row.size > 1.1 * body_size


def _is_prose(rows: Sequence[Row]) -> bool:
    width = max(row.boxes[-1].x1 for row in rows) - min(row.boxes[0].x0 for row in rows)
    filled = median(row.boxes[-1].x1 - row.boxes[0].x0 for row in rows)
    return filled > 0.6 * width and median(len(row.text) for row in rows) >= 25
