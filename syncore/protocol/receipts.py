"""A relay's log of one space in numbers: generation, offset, running hash, and signed receipts.

A relay's log is one sequence of items with offsets from 1. ``R_0 = H("log", space, generation)`` and
``R_i = H("log", R_(i-1), offset, item hash)``, so one hash stands for everything up to an offset, and two
members that were shown different logs find out when they compare receipts (``docs/formats/session.md``).
"""

from dataclasses import dataclass
from struct import Struct

from syncore.core.errors import Malformed
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import SpaceId
from syncore.protocol.control_payloads import MAX_TIME_MS
from syncore.protocol.control_records import GENERATION_BYTES, MAX_OFFSET
from syncore.protocol.ports import SIGNATURE_BYTES, Signer, Verify

SIGNING_KIND = "receipt"

_FIELDS = Struct(">32s16sQ32sI32sQ")
RECEIPT_BYTES = _FIELDS.size + SIGNATURE_BYTES
_GENERATION_RANDOM_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far somebody has read a space's log at a relay: everything up to ``offset`` in that generation."""

    generation: bytes
    offset: int
    running_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A relay's word that everything up to an offset is durably stored.

    Attributes:
        space: The space.
        generation: The life of the relay's log for that space.
        offset: The last item covered; 0 for an empty log.
        running_hash: R at that offset.
        control_seq: The last control record at or below that offset.
        control_hash: Its link.
        time_ms: The relay's clock.
    """

    space: SpaceId
    generation: bytes
    offset: int
    running_hash: bytes
    control_seq: int
    control_hash: bytes
    time_ms: int

    @property
    def cursor(self) -> Cursor:
        """The position that the receipt covers."""
        return Cursor(generation=self.generation, offset=self.offset, running_hash=self.running_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt with the relay's signature, not verified by decoding."""

    receipt: Receipt
    signature: bytes


def make_generation(start_ms: int, random_8: bytes) -> bytes:
    """The name of a new life of a log: when it began, and 8 random bytes."""
    assert len(random_8) == _GENERATION_RANDOM_BYTES
    return start_ms.to_bytes(GENERATION_BYTES - _GENERATION_RANDOM_BYTES, "big") + random_8


def start_of_log(space: SpaceId, generation: bytes) -> bytes:
    """R_0: the running hash of an empty log."""
    assert len(generation) == GENERATION_BYTES
    return hash_parts("log", space, generation)


def extend_log(running_hash: bytes, offset: int, item_hash: bytes) -> bytes:
    """R at ``offset``, from R at the offset before it and the hash of the item there."""
    return hash_parts("log", running_hash, offset.to_bytes(8, "big"), item_hash)


def sign_receipt(receipt: Receipt, *, signer: Signer) -> SignedReceipt:
    """The relay's signature; only after everything that the receipt covers is durable."""
    return SignedReceipt(receipt=receipt, signature=signer.sign(SIGNING_KIND, _digest(receipt)))


def verify_receipt(signed: SignedReceipt, *, relay_key: bytes, verify: Verify) -> Receipt:
    """The receipt, once the relay's signature was checked.

    Raises:
        CryptoError: the signature does not hold.
    """
    verify(relay_key, SIGNING_KIND, _digest(signed.receipt), signed.signature)
    return signed.receipt


def encode_receipt(signed: SignedReceipt) -> bytes:
    """``RECEIPT_BYTES`` bytes: the fields and the signature."""
    assert len(signed.signature) == SIGNATURE_BYTES
    return _fields(signed.receipt) + signed.signature


def decode_receipt(data: bytes) -> SignedReceipt:
    """Read what :func:`encode_receipt` wrote.

    Raises:
        Malformed: not a receipt.
    """
    if len(data) != RECEIPT_BYTES:
        raise Malformed(f"a receipt has {RECEIPT_BYTES} bytes, not {len(data)}")
    space, generation, offset, running_hash, control_seq, control_hash, time_ms = _FIELDS.unpack_from(data)
    if offset > MAX_OFFSET or time_ms >= MAX_TIME_MS:
        raise Malformed("a receipt's offset or time is out of range")
    receipt = Receipt(
        space=SpaceId(space),
        generation=generation,
        offset=offset,
        running_hash=running_hash,
        control_seq=control_seq,
        control_hash=control_hash,
        time_ms=time_ms,
    )
    return SignedReceipt(receipt=receipt, signature=data[_FIELDS.size :])


def _digest(receipt: Receipt) -> bytes:
    return hash_parts("receipt", _fields(receipt))


def _fields(receipt: Receipt) -> bytes:
    assert len(receipt.generation) == GENERATION_BYTES
    return _FIELDS.pack(
        receipt.space,
        receipt.generation,
        receipt.offset,
        receipt.running_hash,
        receipt.control_seq,
        receipt.control_hash,
        receipt.time_ms,
    )
