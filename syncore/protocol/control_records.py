"""Control records: the bytes that make and change a space's membership (``docs/formats/control-log.md``).

Owns the encoding of records, signatures over them, and acceptances by the relay. Whether a record is allowed
is for :mod:`syncore.protocol.control_rules`.
"""

from dataclasses import dataclass
from struct import Struct

from syncore.codec.packing import pack, unpack
from syncore.core.errors import Malformed, UnsupportedVersion
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import HASH_BYTES, SpaceId, Writer
from syncore.core.limits import MAX_CONTROL_RECORD_BYTES, MAX_DEVICES
from syncore.protocol.control_payloads import (
    MAX_TIME_MS,
    Admit,
    Genesis,
    Payload,
    RecordType,
    payload_structure,
    payload_type,
    read_payload,
)
from syncore.protocol.ports import SIGNATURE_BYTES, Signer, Verify
from syncore.protocol.segments import MAX_COMMIT_NUMBER, is_writer

RECORD_VERSION = 1
SIGNING_KIND = "control"
ACCEPTING_KIND = "accept"

BY_INVITATION = 0xFFFF_FFFF
"""The author's index in an ``accept`` record: its author has none yet."""
GENERATION_BYTES = 16
MAX_SIGNATURES = 2
"""Only an ``accept`` record has two: the invitation's key and the new device's."""
MAX_ENDED_WRITERS = 1_024
"""Heads in one acceptance: every incarnation of every device of one principal that a removal ends."""
MAX_OFFSET = 2**63 - 1
"""Stores keep offsets as signed integers of 64 bits."""

_HEADER = Struct(">BB32sI32sI")
_ACCEPTANCE = Struct(">16sQQH")
_ENDED = Struct(">QQ32s")
MAX_ACCEPTANCE_BYTES = _ACCEPTANCE.size + MAX_ENDED_WRITERS * _ENDED.size


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One change of membership, as its author wrote it.

    Attributes:
        space: 32 zero bytes in a genesis, whose hash is the space's id.
        seq: Its place in the log, from 0 for the genesis.
        prev: The link of the record before it; zeros in a genesis.
        author: Device index of the author, ``BY_INVITATION`` in an ``accept`` record.
        payload: What it changes.
    """

    space: SpaceId
    seq: int
    prev: bytes
    author: int
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRecord:
    """A record with its exact bytes, its hash, and signatures that are not verified by decoding."""

    record: ControlRecord
    record_bytes: bytes
    hash: bytes
    signatures: tuple[bytes, ...]

    @property
    def space(self) -> SpaceId:
        """The space that the record belongs to, also for a genesis."""
        return SpaceId(self.hash) if isinstance(self.record.payload, Genesis) else self.record.space


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWriter:
    """Where everybody stops reading a writer that loses the right to write."""

    writer: Writer
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The relay's word on a record: when and where it entered the log."""

    generation: bytes
    offset: int
    time_ms: int
    ended: tuple[EndedWriter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRecord:
    """A record as it stands in the log. A genesis has no acceptance.

    Attributes:
        signed: The record.
        acceptance: The relay's word, None for a genesis.
        acceptance_signature: By the relay that the log names; empty for a genesis.
        link: What the next record's ``prev`` and a segment's ``control_hash`` hold.
    """

    signed: SignedRecord
    acceptance: Acceptance | None
    acceptance_signature: bytes
    link: bytes

    @property
    def record(self) -> ControlRecord:
        """The record itself."""
        return self.signed.record


def record_type(record: ControlRecord) -> RecordType:
    """The type that the payload stands for."""
    return payload_type(record.payload)


def sign_record(record: ControlRecord, *signers: Signer) -> SignedRecord:
    """Sign a new record: by its author, or an ``accept`` by the invitation and then the new device."""
    assert len(signers) == (2 if isinstance(record.payload, Admit) else 1)
    record_bytes = encode_record(record)
    digest = record_hash(record_bytes)
    return SignedRecord(
        record=record,
        record_bytes=record_bytes,
        hash=digest,
        signatures=tuple(signer.sign(SIGNING_KIND, digest) for signer in signers),
    )


def read_signed_record(record_bytes: bytes, signatures: tuple[bytes, ...]) -> SignedRecord:
    """A record and its signatures from outside.

    Raises:
        Malformed: not a record, or not as many signatures as its type has.
        UnsupportedVersion: a record of a version, type or role that this program does not know.
    """
    record = decode_record(record_bytes)
    wanted = 2 if isinstance(record.payload, Admit) else 1
    if len(signatures) != wanted or any(len(signature) != SIGNATURE_BYTES for signature in signatures):
        raise Malformed(f"a control record of this type has {wanted} signatures of {SIGNATURE_BYTES} bytes")
    return SignedRecord(
        record=record, record_bytes=record_bytes, hash=record_hash(record_bytes), signatures=signatures
    )


def accept_record(signed: SignedRecord, acceptance: Acceptance, *, signer: Signer) -> AcceptedRecord:
    """A relay's acceptance of a record that it judged and is about to store."""
    digest = acceptance_hash(signed, encode_acceptance(acceptance))
    return bind_acceptance(signed, acceptance, signer.sign(ACCEPTING_KIND, digest))


def bind_acceptance(signed: SignedRecord, acceptance: Acceptance, signature: bytes) -> AcceptedRecord:
    """A record with an acceptance that came with it; the signature is not verified here."""
    assert not isinstance(signed.record.payload, Genesis)
    return AcceptedRecord(
        signed=signed,
        acceptance=acceptance,
        acceptance_signature=signature,
        link=hash_parts("accepted", signed.hash, encode_acceptance(acceptance)),
    )


def accepted_genesis(signed: SignedRecord) -> AcceptedRecord:
    """A genesis as the first record of its log."""
    assert isinstance(signed.record.payload, Genesis)
    return AcceptedRecord(signed=signed, acceptance=None, acceptance_signature=b"", link=signed.hash)


def verify_acceptance(accepted: AcceptedRecord, *, relay_key: bytes, verify: Verify) -> None:
    """Check the relay's signature under an acceptance.

    Raises:
        CryptoError: it does not hold.
    """
    assert accepted.acceptance is not None
    digest = acceptance_hash(accepted.signed, encode_acceptance(accepted.acceptance))
    verify(relay_key, ACCEPTING_KIND, digest, accepted.acceptance_signature)


def record_hash(record_bytes: bytes) -> bytes:
    """The hash of a record's bytes; of a genesis: the space's id."""
    return hash_parts("control", record_bytes)


def acceptance_hash(signed: SignedRecord, acceptance_bytes: bytes) -> bytes:
    """What the relay signs."""
    return hash_parts(
        "accept", signed.space, signed.record.seq.to_bytes(4, "big"), signed.hash, acceptance_bytes
    )


def encode_record(record: ControlRecord) -> bytes:
    """The bytes of a record.

    Raises:
        Malformed: they would not be read again (a field has a wrong size or range).
    """
    assert len(record.space) == len(record.prev) == HASH_BYTES
    header = _HEADER.pack(
        RECORD_VERSION, record_type(record), record.space, record.seq, record.prev, record.author
    )
    encoded = header + pack(payload_structure(record.payload))
    decode_record(encoded)
    return encoded


def decode_record(data: bytes) -> ControlRecord:
    """Read what :func:`encode_record` wrote.

    Raises:
        Malformed: not a record.
        UnsupportedVersion: a version, type or role that this program does not know; membership cannot be
            evaluated beyond it.
    """
    if len(data) > MAX_CONTROL_RECORD_BYTES:
        raise Malformed(f"a control record has {len(data)} bytes; {MAX_CONTROL_RECORD_BYTES} are allowed")
    if data and data[0] != RECORD_VERSION:
        raise UnsupportedVersion(
            f"a control record has version {data[0]}; this program reads {RECORD_VERSION}"
        )
    if len(data) < _HEADER.size:
        raise Malformed("a control record is cut short")
    _, type_number, space, seq, prev, author = _HEADER.unpack_from(data)
    payload = read_payload(
        type_number, unpack(data[_HEADER.size :], what="a control record", max_bytes=MAX_CONTROL_RECORD_BYTES)
    )
    record = ControlRecord(space=SpaceId(space), seq=seq, prev=prev, author=author, payload=payload)
    problem = _header_problem(record)
    if problem:
        raise Malformed(problem)
    return record


def encode_acceptance(acceptance: Acceptance) -> bytes:
    """The acceptance fields, as they are hashed and sent."""
    assert len(acceptance.ended) <= MAX_ENDED_WRITERS
    fixed = _ACCEPTANCE.pack(
        acceptance.generation, acceptance.offset, acceptance.time_ms, len(acceptance.ended)
    )
    return fixed + b"".join(_ENDED.pack(ended.writer, ended.number, ended.hash) for ended in acceptance.ended)


def decode_acceptance(data: bytes) -> Acceptance:
    """Read what :func:`encode_acceptance` wrote.

    Raises:
        Malformed: not an acceptance.
    """
    if len(data) < _ACCEPTANCE.size:
        raise Malformed("an acceptance is cut short")
    generation, offset, time_ms, count = _ACCEPTANCE.unpack_from(data)
    if count > MAX_ENDED_WRITERS or len(data) != _ACCEPTANCE.size + count * _ENDED.size:
        raise Malformed("an acceptance has another size than its fields")
    if not 1 <= offset <= MAX_OFFSET or time_ms >= MAX_TIME_MS:
        raise Malformed("an acceptance's offset or time is out of range")
    ended: list[EndedWriter] = []
    for writer, number, digest in _ENDED.iter_unpack(data[_ACCEPTANCE.size :]):
        if not is_writer(writer) or number > MAX_COMMIT_NUMBER or (ended and writer <= ended[-1].writer):
            raise Malformed("the heads in an acceptance are unsorted or out of range")
        ended.append(EndedWriter(writer=Writer(writer), number=number, hash=digest))
    return Acceptance(generation=generation, offset=offset, time_ms=time_ms, ended=tuple(ended))


def _header_problem(record: ControlRecord) -> str:
    if isinstance(record.payload, Genesis):
        is_first = record.seq == 0 and not any(record.space) and not any(record.prev) and record.author == 0
        return "" if is_first else "a genesis names a space, a place or an author"
    if record.seq == 0:
        return "only a genesis stands at the beginning"
    if isinstance(record.payload, Admit):
        return "" if record.author == BY_INVITATION else "an accept record names an author"
    return "" if record.author < MAX_DEVICES else "a control record's author is no device index"
