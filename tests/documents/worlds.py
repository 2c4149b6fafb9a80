"""Devices that write one document and deliver their commits in whatever causal order a test asks for.

Every commit passes the receivers' checks of validity on the way, so a test of merging also proves that what
planning makes is valid.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from syncore.core.commits import Entry, EntryKind
from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import DeviceIndex, DocumentKey, Dot, Incarnation, Writer, make_writer
from syncore.core.vectors import includes
from syncore.documents.document import NO_CONTEXT, Document
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_record_entry,
    decode_rich_entry,
)
from syncore.documents.planning import DocumentPlan
from syncore.documents.projection import NO_CONTENTS, Projection, project
from syncore.documents.record_encoding import decode_record, encode_record
from syncore.documents.record_validity import check_record_entry
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rich import RichPart
from syncore.documents.rich_validity import check_rich_entry

KEY = DocumentKey("notes", "one")


def writer(index: int, incarnation: int = 7) -> Writer:
    """The writer of a device."""
    return make_writer(DeviceIndex(index), Incarnation(incarnation))


@dataclass(frozen=True)
class Sent:
    """A commit on its way, with what its author had seen."""

    dot: Dot
    time_ms: int
    entries: tuple[Entry, ...]
    past: dict[Writer, int]

    def decoded(self) -> list[RecordEntry | RichEntry]:
        """The entries, decoded."""
        return [decode(entry) for entry in self.entries]


@dataclass
class Device:
    """One device: its visible document, and how far it has read everybody."""

    writer: Writer
    time_ms: int = 1_000
    context: ResolutionContext = NO_CONTEXT
    document: Document = field(init=False)
    known: dict[Writer, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document = Document(KEY, writer=self.writer)

    def write(self, plan: Callable[[DocumentPlan], object]) -> Sent:
        """Make one commit of a plan."""
        planned = DocumentPlan(self.document, context=self.context)
        plan(planned)
        shown = planned.preview()
        dot = Dot(self.writer, self.known.get(self.writer, 0) + 1)
        self.time_ms += 1
        past = dict(self.known)
        held = dict(self.document.record.clocks)
        entries = planned.commit(dot=dot, time=from_milliseconds(self.time_ms))
        check(entries, dot, past, held)
        self.known[self.writer] = dot.number
        after = self.projected()
        assert (after.values, after.kinds) == (shown.values, shown.kinds), (
            "a transaction reads its own writes"
        )
        return Sent(dot, self.time_ms, entries, past)

    def receive(self, sent: Sent) -> None:
        """Apply a commit of another device; everything that it depends on is here."""
        assert includes(self.known, sent.past)
        assert self.known.get(sent.dot.writer, 0) == sent.dot.number - 1
        for entry in sent.decoded():
            self.document.apply(entry, dot=sent.dot, time=from_milliseconds(sent.time_ms))
        self.known[sent.dot.writer] = sent.dot.number
        self.time_ms = max(self.time_ms, sent.time_ms)
        self.projected()

    def projected(self) -> Projection:
        """What the document shows, which is what it would show if it remembered nothing."""
        document = self.document
        shown = document.project(self.context)
        contents = NO_CONTENTS if shown.is_deleted else document.contents()
        assert shown == project(
            document.record, contents, self.context, self.context.rules_of(KEY.collection)
        )
        return shown

    def can_receive(self, sent: Sent) -> bool:
        """Whether it is next: not here, and everything that it depends on is."""
        return self.known.get(sent.dot.writer, 0) == sent.dot.number - 1 and includes(self.known, sent.past)

    def catch_up(self, history: Iterable[Sent], order: random.Random) -> None:
        """Receive all that is missing, in a causal order drawn from ``order``."""
        missing = [sent for sent in history if self.known.get(sent.dot.writer, 0) < sent.dot.number]
        while missing:
            sent = order.choice([sent for sent in missing if self.can_receive(sent)])
            self.receive(sent)
            missing.remove(sent)

    def stored(self, new_writer: Writer | None = None) -> "Device":
        """The device as it comes back from what a replica file holds."""
        device = Device(self.writer if new_writer is None else new_writer, self.time_ms, self.context)
        rich = self.document.rich
        device.document = Document(
            KEY,
            writer=device.writer,
            record=decode_record(encode_record(self.document.record)),
            rich=None if rich is None else RichPart.load([rich.state()], device.writer),
        )
        device.known = dict(self.known)
        return device


def decode(entry: Entry) -> RecordEntry | RichEntry:
    """An entry of either kind, decoded."""
    if entry.kind == EntryKind.RECORD:
        return decode_record_entry(entry.body)
    return decode_rich_entry(entry.body)


def check(entries: Iterable[Entry], dot: Dot, past: dict[Writer, int], held: dict[Writer, int]) -> None:
    """The receivers' checks of validity."""
    for entry in map(decode, entries):
        if isinstance(entry, RecordEntry):
            check_record_entry(entry, dot=dot, past=past)
        else:
            check_rich_entry(entry, dot=dot, held=held)
