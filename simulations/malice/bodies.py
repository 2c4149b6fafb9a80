"""Bodies that no honest program seals, and words beside commits that mean nothing.

Each maker gives the next segment of a forger's writer. The relay is blind and takes them all; every replica
has to close the writer for the one kind, and for the other nobody.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from simulations.malice.forger import GRAFFITI, Forger, Maker, record_entry
from simulations.workload import TAGS
from syncore.codec.compression import compress
from syncore.codec.packing import pack
from syncore.codec.values import encode_value
from syncore.core.commits import Entry, EntryKind
from syncore.core.identifiers import DocumentKey
from syncore.core.limits import (
    MAX_COMMIT_BYTES,
    MAX_ENTRIES_PER_COMMIT,
    MAX_SEGMENT_PLAIN_BYTES,
    MAX_VALUE_BYTES,
    MIB,
)
from syncore.crypto.padding import pad
from syncore.documents.operations import SetField
from syncore.protocol.segments import ClosedWriter, Segment

_BOMB_BYTES: Final = 32 * MIB
_UNKNOWN_KIND: Final = 200


def _frame(make: Callable[[Random], bytes]) -> Maker:
    """The body opens, and this is in the place of a padded zstd frame."""
    return lambda forger, draw: forger.seal_frame(make(draw), forger.header())


def _plain(make: Callable[[Forger], bytes], *, count: int = 1) -> Maker:
    """The frame decodes, and this is in the place of commits."""
    return lambda forger, _draw: forger.seal(make(forger), forger.header(count=count))


def _packed_commit(entries: list[tuple[int, bytes]]) -> Maker:
    """The commits decode but for their limits."""
    commit = pack([bytes(8), 1, [[kind, body] for kind, body in entries]])
    return _plain(lambda _forger: pack([None, [], [commit]]))


def _entries(make: Callable[[Random], list[Entry]]) -> Maker:
    """The commits decode, and these are the entries of one."""
    return lambda forger, draw: forger.write(make(draw))


def _noise(forger: Forger, draw: Random) -> Segment:
    return forger.sign(forger.header(), draw.randbytes(draw.randint(40, 2000)))


def _cut_short(forger: Forger, _draw: Random) -> Segment:
    whole = forger.write([forger.scribble()])
    forger.made.pop()
    return forger.sign(whole.header, whole.body[:-1])


def _body_of_another(forger: Forger, _draw: Random) -> Segment:
    whole = forger.write([forger.scribble()], [forger.scribble()])
    forger.made.pop()
    return forger.sign(forger.header(), whole.body)


def _value_too_large(_draw: Random) -> list[Entry]:
    value = encode_value("x" * (MAX_VALUE_BYTES - 64)) + b"y" * 128
    return [Entry(EntryKind.RECORD, pack([GRAFFITI, "0", 0, [[SetField.CODE, "by", value, []]]]))]


def _same_document_twice(_draw: Random) -> list[Entry]:
    key = DocumentKey(*TAGS)
    return [record_entry(SetField(field=name, value=encode_value(1)), key=key) for name in ("a", "b")]


def _against_what_is_not_there(forger: Forger) -> bytes:
    """Reports of segments that nobody holds. One that is held stops its author, as decision 0022 says."""
    reports = [
        ClosedWriter(writer=writer, number=0, hash=bytes(32), reason="it seemed so")
        for writer in forger.others
    ]
    return forger.plain([forger.scribble()], closed=reports)


CLOSING: Final[Mapping[str, Maker]] = {
    "noise for a body": _noise,
    "a body that is cut short": _cut_short,
    "a body of another header": _body_of_another,
    "a frame of noise": _frame(lambda draw: pad(draw.randbytes(200))),
    "no padding": _frame(lambda draw: draw.randbytes(300)),
    "padding that is not zero": _frame(lambda _: pad(compress(b"\xc0"))[:-1] + b"\1"),
    "something behind the frame": _frame(lambda _: pad(compress(b"\xc0") + b"more")),
    "a bomb": _frame(lambda _: pad(compress(bytes(_BOMB_BYTES)))),
    "a little more than allowed": _frame(lambda _: pad(compress(bytes(MAX_SEGMENT_PLAIN_BYTES + 1)))),
    "deep nesting": _frame(lambda _: pad(compress(b"\x91" * 100_000 + b"\xc0"))),
    "a million nils": _frame(lambda _: pad(compress(b"\xdd\x00\x0f\x42\x40" + b"\xc0" * 1_000_000))),
    "no commits": _plain(lambda _: pack([None, [], []])),
    "more commits than it says": _plain(lambda one: one.plain([one.scribble()], [one.scribble()])),
    "fewer commits than it says": _plain(lambda one: one.plain([one.scribble()]), count=2),
    "a commit of nonsense": _plain(lambda _: pack([None, [], [b"\xc1"]])),
    "a commit over its limit": _packed_commit([(_UNKNOWN_KIND, bytes(MAX_COMMIT_BYTES))]),
    "too many entries": _packed_commit([(_UNKNOWN_KIND, b"")] * (MAX_ENTRIES_PER_COMMIT + 1)),
    "an entry of nonsense": _entries(lambda draw: [Entry(EntryKind.RECORD, draw.randbytes(30))]),
    "a rich entry of nonsense": _entries(lambda draw: [Entry(EntryKind.RICH, draw.randbytes(30))]),
    "a value over its limit": _entries(_value_too_large),
    "a document without a name": _entries(lambda _: [Entry(EntryKind.RECORD, pack(["", "", 0, []]))]),
    "one document twice": _entries(_same_document_twice),
}
"""What every replica has to close the writer for, after the commit before it."""

HARMLESS: Final[Mapping[str, Maker]] = {
    "an entry of an unknown kind": _entries(lambda draw: [Entry(_UNKNOWN_KIND, draw.randbytes(50))]),
    "a receipt of noise": _plain(lambda one: one.plain([one.scribble()], receipt=bytes(196))),
    "reports of what is not there": _plain(_against_what_is_not_there),
}
"""What is valid, or means nothing: nobody is closed for it, and nobody else stops."""
