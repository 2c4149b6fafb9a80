"""The simplest renaming there is: commits of one writer, in order, to one new writer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncore.core.commits import Commit, EntryKind
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.documents.entries import decode_record_entry, decode_rich_entry
from syncore.documents.operations import (
    AddToCounter,
)
from syncore.documents.rekeying import CounterName, Renaming
from syncore.documents.rich_rekeying import ClockRange


def make_renaming(
    commits: Iterable[tuple[Dot, Commit]],
    *,
    writer: Writer,
    first_number: int,
    clocks: Mapping[DocumentKey, int] | None = None,
) -> Renaming:
    """The renaming of commits, in order, to one new writer.

    Args:
        commits: What is renamed, with its present names.
        writer: The new writer.
        first_number: The number that the first of them gets; the others follow.
        clocks: The new writer's own clocks in documents that it has edited before.
    """
    dots: dict[Dot, Dot] = {}
    ranges: dict[DocumentKey, ClockRange] = {}
    amounts: dict[CounterName, list[tuple[Dot, int]]] = {}
    for offset, (dot, commit) in enumerate(commits):
        dots[dot] = Dot(writer, first_number + offset)
        for entry in commit.entries:
            if entry.kind == EntryKind.RECORD:
                record_entry = decode_record_entry(entry.body)
                for operation in record_entry.operations:
                    if isinstance(operation, AddToCounter):
                        counter = record_entry.key, operation.field
                        amounts.setdefault(counter, []).append((dot, operation.amount))
            elif entry.kind == EntryKind.RICH:
                rich_entry = decode_rich_entry(entry.body)
                key = rich_entry.key
                before = ClockRange(
                    writer=dot.writer,
                    start=rich_entry.clock_before,
                    end=rich_entry.clock_before,
                    new_writer=writer,
                    new_start=(clocks or {}).get(key, 0),
                )
                ranges[key] = replace(ranges.get(key, before), end=rich_entry.clock_after)
    return Renaming(
        dots=dots,
        clocks={key: (one,) for key, one in ranges.items()},
        amounts={counter: tuple(added) for counter, added in amounts.items()},
    )
