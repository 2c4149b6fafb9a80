"""Items: what a space's log at a relay is made of (``docs/formats/session.md``).

An item keeps the exact bytes that its author signed, so passing it on never encodes anything anew.
"""

from dataclasses import dataclass

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.core.errors import Malformed
from syncore.core.identifiers import HASH_BYTES
from syncore.core.limits import KIB, MAX_CONTROL_RECORD_BYTES, MAX_SEGMENT_BYTES
from syncore.protocol.control_payloads import Genesis
from syncore.protocol.control_records import (
    MAX_ACCEPTANCE_BYTES,
    MAX_SIGNATURES,
    AcceptedRecord,
    SignedRecord,
    accepted_genesis,
    bind_acceptance,
    decode_acceptance,
    encode_acceptance,
    read_signed_record,
)
from syncore.protocol.ports import SIGNATURE_BYTES
from syncore.protocol.segments import Segment, parse_segment

MAX_ITEM_BYTES = MAX_SEGMENT_BYTES + 1 * KIB
"""An encoded item: the largest segment, its signature and msgpack's envelope."""

_SEGMENT = 1
_CONTROL = 2
_STUB = 3
_SEGMENT_FIELDS = 3
_CONTROL_FIELDS = 5
_STUB_FIELDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentItem:
    """A segment: header and body, and the signature beside them."""

    content: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlItem:
    """A control record; without acceptance while a device offers it, and always without for a genesis."""

    record: bytes
    signatures: tuple[bytes, ...]
    acceptance: bytes = b""
    acceptance_signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StubItem:
    """Stands for a segment that was uploaded over the same connection: its acknowledgement."""

    hash: bytes


Item = SegmentItem | ControlItem | StubItem
StoredItem = SegmentItem | ControlItem


def segment_item(segment: Segment) -> SegmentItem:
    """A segment as an item."""
    return SegmentItem(content=segment.content, signature=segment.signature)


def control_item(record: AcceptedRecord | SignedRecord) -> ControlItem:
    """A control record as an item, with the acceptance if it has one."""
    if isinstance(record, SignedRecord):
        return ControlItem(record=record.record_bytes, signatures=record.signatures)
    return ControlItem(
        record=record.signed.record_bytes,
        signatures=record.signed.signatures,
        acceptance=encode_acceptance(record.acceptance) if record.acceptance else b"",
        acceptance_signature=record.acceptance_signature,
    )


def read_segment(item: SegmentItem) -> Segment:
    """The segment inside an item, its signature not verified.

    Raises:
        Malformed: not a segment.
        UnsupportedVersion: a segment of another version or kind.
    """
    return parse_segment(item.content, item.signature)


def read_accepted(item: ControlItem) -> AcceptedRecord:
    """The record inside an item of a log, its signatures not verified.

    Raises:
        Malformed: not a record, or one without acceptance.
        UnsupportedVersion: a record that this program does not know.
    """
    record = read_control(item)
    if isinstance(record, SignedRecord):
        raise Malformed("a control record in a log has no acceptance")
    return record


def read_control(item: ControlItem) -> AcceptedRecord | SignedRecord:
    """The record inside an item: accepted if it carries an acceptance or is a genesis.

    Raises:
        Malformed: not a record.
        UnsupportedVersion: a record that this program does not know.
    """
    signed = read_signed_record(item.record, item.signatures)
    if isinstance(signed.record.payload, Genesis):
        if item.acceptance or item.acceptance_signature:
            raise Malformed("a genesis carries an acceptance")
        return accepted_genesis(signed)
    if not item.acceptance and not item.acceptance_signature:
        return signed
    if len(item.acceptance_signature) != SIGNATURE_BYTES:
        raise Malformed(f"the signature under an acceptance has {SIGNATURE_BYTES} bytes")
    return bind_acceptance(signed, decode_acceptance(item.acceptance), item.acceptance_signature)


def encode_item(item: Item) -> bytes:
    """An item alone, as a store keeps it."""
    return pack(item_structure(item))


def decode_item(data: bytes) -> Item:
    """Read what :func:`encode_item` wrote.

    Raises:
        Malformed: not an item.
    """
    return item_from_structure(unpack(data, what="an item", max_bytes=MAX_ITEM_BYTES))


def item_structure(item: Item) -> Packed:
    """An item as the array that is packed."""
    match item:
        case SegmentItem():
            return [_SEGMENT, item.content, item.signature]
        case ControlItem():
            return [_CONTROL, item.record, list(item.signatures), item.acceptance, item.acceptance_signature]
        case StubItem():
            return [_STUB, item.hash]


def item_from_structure(structure: Unpacked) -> Item:
    """An item from the array that was unpacked; what is inside is not parsed.

    Raises:
        Malformed: the array is none of an item.
    """
    fields = as_array(structure, what="an item", max_length=_CONTROL_FIELDS)
    kind = as_integer(fields[0], what="an item's kind") if fields else None
    if kind == _SEGMENT and len(fields) == _SEGMENT_FIELDS:
        return SegmentItem(
            content=as_bytes(fields[1], what="a segment", max_length=MAX_SEGMENT_BYTES),
            signature=as_bytes(fields[2], what="a signature", length=SIGNATURE_BYTES),
        )
    if kind == _CONTROL and len(fields) == _CONTROL_FIELDS:
        return ControlItem(
            record=as_bytes(fields[1], what="a control record", max_length=MAX_CONTROL_RECORD_BYTES),
            signatures=tuple(
                as_bytes(signature, what="a signature", length=SIGNATURE_BYTES)
                for signature in as_array(fields[2], what="signatures", max_length=MAX_SIGNATURES)
            ),
            acceptance=as_bytes(fields[3], what="an acceptance", max_length=MAX_ACCEPTANCE_BYTES),
            acceptance_signature=as_bytes(fields[4], what="a signature", max_length=SIGNATURE_BYTES),
        )
    if kind == _STUB and len(fields) == _STUB_FIELDS:
        return StubItem(hash=as_bytes(fields[1], what="a segment hash", length=HASH_BYTES))
    raise Malformed("an item has an unknown kind or another number of fields")
