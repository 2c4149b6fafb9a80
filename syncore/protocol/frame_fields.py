"""Fields of frames as checked values: what several messages have in common (``docs/formats/session.md``).

Must not know which message a field stands in. Every function raises ``Malformed`` for another type or size.
"""

from typing import TypeVar

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Unpacked
from syncore.core.errors import Malformed
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES, SpaceId
from syncore.core.limits import KIB
from syncore.protocol.control_records import GENERATION_BYTES, MAX_OFFSET
from syncore.protocol.items import ControlItem, item_from_structure
from syncore.protocol.messages import MAX_REQUEST_ID
from syncore.protocol.ports import SIGNATURE_BYTES
from syncore.protocol.receipts import RECEIPT_BYTES, Cursor
from syncore.protocol.refusal_codes import FaultCode, RefusalCode

_Code = TypeVar("_Code", RefusalCode, FaultCode)


def as_code(kind: type[_Code], structure: Unpacked) -> _Code:
    """The structure as one of the codes."""
    text = as_text(structure, what="a code", max_bytes=KIB)
    try:
        return kind(text)
    except ValueError as error:
        raise Malformed(f"a code is unknown: {text[:40]!r}") from error


def as_cursor(structure: Unpacked) -> Cursor | None:
    """The structure as a cursor, or None."""
    if structure is None:
        return None
    generation, offset, running_hash = as_array(structure, what="a cursor", length=3)
    return Cursor(
        generation=as_generation(generation),
        offset=as_integer(offset, what="an offset", high=MAX_OFFSET),
        running_hash=as_hash(running_hash),
    )


def as_control_item(structure: Unpacked) -> ControlItem:
    """The structure as a control record."""
    item = item_from_structure(structure)
    if not isinstance(item, ControlItem):
        raise Malformed("only control records are allowed here")
    return item


def as_receipt(structure: Unpacked) -> bytes:
    """The structure as an encoded receipt, or empty."""
    receipt = as_bytes(structure, what="a receipt", max_length=RECEIPT_BYTES)
    if len(receipt) not in {0, RECEIPT_BYTES}:
        raise Malformed(f"a receipt has {RECEIPT_BYTES} bytes, or none")
    return receipt


def as_request_id(structure: Unpacked) -> int:
    """The structure as a request id."""
    return as_integer(structure, what="a request id", low=1, high=MAX_REQUEST_ID)


def as_space(structure: Unpacked) -> SpaceId:
    """The structure as a space's id."""
    return SpaceId(as_bytes(structure, what="a space", length=HASH_BYTES))


def as_generation(structure: Unpacked) -> bytes:
    """The structure as the name of a generation."""
    return as_bytes(structure, what="a generation", length=GENERATION_BYTES)


def as_hash(structure: Unpacked) -> bytes:
    """The structure as a hash."""
    return as_bytes(structure, what="a hash", length=HASH_BYTES)


def as_key(structure: Unpacked) -> bytes:
    """The structure as a public key."""
    return as_bytes(structure, what="a key", length=KEY_BYTES)


def as_signature(structure: Unpacked) -> bytes:
    """The structure as a signature."""
    return as_bytes(structure, what="a signature", length=SIGNATURE_BYTES)
