"""Re-keying the rich half of commits: the same edits under the clocks of another writer.

A writer number that was used on two copies of one file names two different things from some clock on. The
copy whose commits were not sent gives its own a new name, everywhere: the structs themselves, every origin
that points to them, every range that deletes them. Content and order stay as they are.

Must not know: which commits are renamed and why (that is rebasing), or pycrdt.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncore.core.errors import Misused
from syncore.core.identifiers import Writer
from syncore.documents.yjs_update import (
    Section,
    StructId,
    Update,
    decode_update,
    encode_update,
    merged_deletions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRange:
    """Clocks of one writer in one document that get another name.

    Attributes:
        writer: Who has them now.
        start: The first of them.
        end: The clock behind the last of them.
        new_writer: Who gets them.
        new_start: The first of their new clocks; the others follow.
    """

    writer: Writer
    start: int
    end: int
    new_writer: Writer
    new_start: int


def rekey_update(update: bytes, ranges: Sequence[ClockRange]) -> bytes:
    """The canonical encoding of ``update`` with every clock in ``ranges`` under its new name.

    Raises:
        Malformed: ``update`` is none.
        Misused: ranges overlap, or a section is only partly inside of a range, so that it would be torn.
    """
    renaming = _Renaming(ranges)
    decoded = decode_update(update)
    sections = [renaming.section(section) for section in decoded.sections]
    sections.sort(key=lambda section: section.client, reverse=True)
    if len({section.client for section in sections}) != len(sections):
        raise Misused("two writers of one update would become one")
    deletions = merged_deletions(
        (client, start, end)
        for deleted in decoded.deletions
        for whole in deleted.ranges
        for client, start, end in renaming.pieces(deleted.client, *whole)
    )
    return encode_update(Update(tuple(sections), deletions))


def rename_ranges(
    named: Sequence[tuple[int, int, int]], renamed: Sequence[ClockRange]
) -> tuple[tuple[int, int, int], ...]:
    """Ranges of units (client, start, end) under their new names, cut where these begin and end."""
    renaming = _Renaming(renamed)
    return tuple(piece for whole in named for piece in renaming.pieces(*whole))


class _Renaming:
    """Ranges by writer, rising; neighbours that continue each other under their new names are one."""

    def __init__(self, ranges: Sequence[ClockRange]) -> None:
        self._by_writer: dict[int, list[ClockRange]] = {}
        for part in sorted(ranges, key=lambda part: (part.writer, part.start)):
            if part.start >= part.end:
                continue
            known = self._by_writer.setdefault(part.writer, [])
            if known and part.start < known[-1].end:
                raise Misused("ranges of clocks to rename overlap")
            known.append(_joined(known.pop(), part) if known and _continues(known[-1], part) else part)

    def pieces(self, client: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """A range cut at the borders of what is renamed: (client, start, end) under the new names."""
        known = self._by_writer.get(client, [])
        position = max(bisect_right(known, start, key=lambda part: part.start) - 1, 0)
        while start < end:
            part = known[position] if position < len(known) else None
            if part is None or end <= part.start:
                yield client, start, end
                return
            if start < part.start:
                yield client, start, part.start
                start = part.start
            if start < part.end:
                stop = min(end, part.end)
                shift = part.new_start - part.start
                yield part.new_writer, start + shift, stop + shift
                start = stop
            position += 1

    def unit(self, named: StructId | None) -> StructId | None:
        """One unit under its new name."""
        if named is None or named.client not in self._by_writer:
            return named
        ((client, clock, _),) = self.pieces(named.client, named.clock, named.clock + 1)
        return StructId(client, clock)

    def section(self, section: Section) -> Section:
        """A section under its new name, its origins too."""
        pieces = list(self.pieces(section.client, section.before, section.after))
        if len(pieces) != 1:
            raise Misused("a rich delta is only partly among the clocks to rename")
        client, before, after = pieces[0]
        shift = before - section.before
        structs = tuple(
            struct._replace(
                clock=struct.clock + shift,
                origin=self.unit(struct.origin),
                right_origin=self.unit(struct.right_origin),
            )
            for struct in section.structs
        )
        return Section(client, before, after, structs)


def _continues(earlier: ClockRange, later: ClockRange) -> bool:
    length = earlier.end - earlier.start
    return (later.start, later.new_writer, later.new_start) == (
        earlier.end,
        earlier.new_writer,
        earlier.new_start + length,
    )


def _joined(earlier: ClockRange, later: ClockRange) -> ClockRange:
    return ClockRange(
        writer=earlier.writer,
        start=earlier.start,
        end=later.end,
        new_writer=earlier.new_writer,
        new_start=earlier.new_start,
    )
