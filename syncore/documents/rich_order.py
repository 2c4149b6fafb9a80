"""The whole sequence of a text or list, deleted places included, with the name of every unit.

What was deleted keeps its place in a rich part for ever, but pycrdt shows neither that place nor who made
what is shown. Both follow from the order in which yrs puts units, and only yrs itself is sure to know that
order. So it is asked: the state is rewritten with every unit visible and with marks for content, integrated
into an empty document, and read. Order depends on names and origins alone, which stay as they are.

Owns this reading. Must not know: edits, commits, or what it is read for. Beside :mod:`syncore.documents.rich`
the only place that uses pycrdt.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from pycrdt import Doc, Text

from syncore.core.errors import IntegrityError, TooLarge
from syncore.core.identifiers import Writer
from syncore.core.limits import MAX_PLACED_UNITS
from syncore.documents.yjs_update import Update, decode_state, encode_update

_FIRST_MARK: Final = 0x20
_MARKS: Final = 0xD800 - _FIRST_MARK
"""Marks are characters of one UTF-16 unit: those before the surrogates."""


class Placed(NamedTuple):
    """A run of units that one writer made and that stand next to each other, all visible or all deleted.

    Attributes:
        writer: Who made them.
        clock: The name of the first; the others follow.
        length: How many they are.
        content: What they show: kept text or list items. None for deleted ones.
    """

    writer: Writer
    clock: int
    length: int
    content: str | tuple[bytes, ...] | None

    def part(self, start: int, end: int) -> "Placed":
        """The units from one clock to before another."""
        content = self.content
        if content is not None:
            content = content[start - self.clock : end - self.clock]
        return Placed(self.writer, start, end - start, content)


class Units:
    """Units of a rich part, by ranges, to be looked up."""

    def __init__(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        """Take ranges (writer, first clock, clock behind the last) that do not overlap, in any order."""
        self._by_writer: dict[int, list[tuple[int, int]]] = {}
        for writer, start, end in sorted(ranges):
            self._by_writer.setdefault(writer, []).append((start, end))

    def cut(self, run: Placed) -> Iterator[tuple[Placed, bool]]:
        """A run in parts, each wholly among the units or wholly not, and which of the two."""
        known = self._by_writer.get(run.writer, ())
        clock, end = run.clock, run.clock + run.length
        place = max(bisect_right(known, clock, key=lambda part: part[0]) - 1, 0)
        while clock < end:
            start, stop = known[place] if place < len(known) else (end, end)
            place += 1
            if stop <= clock:
                continue
            if start > clock:
                until = min(start, end)
                yield run.part(clock, until), False
                clock = until
            if clock < end:
                until = min(stop, end)
                yield run.part(clock, until), True
                clock = until


def placed_runs(state: bytes, root: str) -> list[Placed]:
    """Everything that was ever in a root, in order.

    Args:
        state: The update that holds the whole rich part.
        root: The root's name (:data:`~syncore.documents.yjs_update.TEXT_ROOT` or ``LIST_ROOT`` and the
        field).

    Raises:
        IntegrityError: the state cannot be used.
        TooLarge: more units than can be read at once; only a hostile writer makes as many.
    """
    update = decode_state(state)
    if sum(section.after - section.before for section in update.sections) > MAX_PLACED_UNITS:
        raise TooLarge(
            f"a rich part holds more than {MAX_PLACED_UNITS} characters and items, deleted ones too"
        )
    structs = [(section, struct) for section in update.sections for struct in section.structs]
    deleted = Units((client, *span) for client, ranges in update.deletions for span in ranges)
    marks = [_read(update, root, lambda number: number % _MARKS)]
    if len(structs) > _MARKS:
        marks.append(_read(update, root, lambda number: number // _MARKS))
    passed = [0] * len(structs)
    placed: list[Placed] = []
    for number, units in groupby(_numbers(marks)):
        section, struct = structs[number]
        count = sum(1 for _ in units)
        start = passed[number]
        passed[number] += count
        whole = Placed(Writer(section.client), struct.clock, struct.length, struct.content)
        run = whole.part(struct.clock + start, struct.clock + start + count)
        placed += (part._replace(content=None) if is_gone else part for part, is_gone in deleted.cut(run))
    return placed


def _numbers(marks: Sequence[str]) -> Iterator[int]:
    """The number of the struct that each unit belongs to."""
    low = (ord(mark) - _FIRST_MARK for mark in marks[0])
    if len(marks) == 1:
        return low
    high = (ord(mark) - _FIRST_MARK for mark in marks[1])
    return (more * _MARKS + less for more, less in zip(high, low, strict=True))


def _read(update: Update, root: str, mark: Callable[[int], int]) -> str:
    """The root of a document whose units are all visible, each showing the mark of its struct's number."""
    sections = []
    number = 0
    for section in update.sections:
        structs = []
        for struct in section.structs:
            structs.append(struct._replace(content=chr(_FIRST_MARK + mark(number)) * struct.length))
            number += 1
        sections.append(section._replace(structs=tuple(structs)))
    doc: Doc[Any] = Doc()
    try:
        doc.apply_update(encode_update(Update(tuple(sections), ())))
        return str(doc.get(root, type=Text))
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise IntegrityError("the order of a text or list cannot be read") from error
        raise
