"""Segments whose headers lie, or are none: what the relay has to refuse, blind as it is.

Each maker gives the next segment of a forger's writer, signed rightly unless that is the lie.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from simulations.malice.forger import Forger, Maker
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import DeviceIndex, Incarnation, SpaceId, Writer, device_index, make_writer
from syncore.core.limits import MAX_SEGMENT_BYTES
from syncore.protocol.segments import Segment, SegmentHeader, encode_header

_COUNT_AT: Final = 50
"""Where a header has its count of commits: behind version, kind, space, writer and first commit."""
_EPOCH_AT: Final = _COUNT_AT + 2 + 32 + 4 + 32


def _header(change: Callable[[SegmentHeader], SegmentHeader]) -> Maker:
    """The body is in order, and the header lies."""

    def make(forger: Forger, _draw: Random) -> Segment:
        return _seal(forger, change(forger.header()))

    return make


def _raw(at: int, wrong: bytes) -> Maker:
    """The header's bytes break its own layout."""

    def make(forger: Forger, _draw: Random) -> Segment:
        header = forger.header()
        right = encode_header(header)
        return forger.sign(header, bytes(400), header_bytes=right[:at] + wrong + right[at + len(wrong) :])

    return make


def _seal(forger: Forger, header: SegmentHeader) -> Segment:
    return forger.seal(forger.plain([forger.scribble()]), header)


def _depending(*, ahead: int) -> Maker:
    """It builds on somebody's commit that many ahead, under a hash of nothing."""

    def make(forger: Forger, draw: Random) -> Segment:
        writer = draw.choice(forger.others)
        named = (writer, forger.loot.heads[writer].number + ahead)
        wrong = hash_parts("deps", bytes(8))
        return _seal(forger, replace(forger.header(), dependencies=(named,), dependencies_hash=wrong))

    return make


def _as(number: Callable[[Writer], Writer]) -> Maker:
    """It stands under a number that is not the forger's."""

    def make(forger: Forger, _draw: Random) -> Segment:
        header = forger.header()
        return _seal(forger, replace(header, writer=number(header.writer), first=1, prev=header.space))

    return make


def _somebody_else(own: Writer) -> Writer:
    other = DeviceIndex(0 if device_index(own) else 1)
    return make_writer(other, Incarnation(own % 2**32))


def _unsigned(forger: Forger, _draw: Random) -> Segment:
    return replace(forger.write([forger.scribble()]), signature=bytes(64))


def _too_large(forger: Forger, _draw: Random) -> Segment:
    return forger.sign(forger.header(), bytes(MAX_SEGMENT_BYTES + 1))


REFUSED: Final[Mapping[str, Maker]] = {
    "another epoch": _header(lambda right: replace(right, epoch=right.epoch + 1)),
    "a gap": _header(lambda right: replace(right, first=right.first + 5, prev=bytes(32))),
    "a control record of the future": _header(lambda right: replace(right, control_seq=2**20)),
    "another control record": _header(lambda right: replace(right, control_hash=bytes(32))),
    "another space": _header(lambda right: replace(right, space=SpaceId(bytes(32)), prev=bytes(32), first=1)),
    "a dependency that is not there": _depending(ahead=1000),
    "a dependency with another hash": _depending(ahead=0),
    "somebody else's number": _as(_somebody_else),
    "nobody's number": _as(lambda _own: make_writer(DeviceIndex(2**20), Incarnation(1))),
    "a signature of nothing": _unsigned,
    "no commit in its header": _raw(_COUNT_AT, bytes(2)),
    "too many commits in its header": _raw(_COUNT_AT, b"\xff\xff"),
    "epoch 0": _raw(_EPOCH_AT, bytes(4)),
    "another version": _raw(0, b"\x09"),
    "another kind": _raw(1, b"\x09"),
    "more than a segment may hold": _too_large,
}
