"""Tests of syncore.protocol.control_records."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack
from syncore.core.errors import CryptoError, Malformed, UnsupportedVersion
from syncore.core.identifiers import SpaceId, Writer
from syncore.core.limits import MAX_CONTROL_RECORD_BYTES
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.control_payloads import MAX_TIME_MS, Genesis, NameRelay, RecordType
from syncore.protocol.control_records import (
    MAX_ENDED_WRITERS,
    Acceptance,
    ControlRecord,
    EndedWriter,
    bind_acceptance,
    decode_acceptance,
    decode_record,
    encode_acceptance,
    encode_record,
    read_signed_record,
    record_hash,
    record_type,
    sign_record,
    verify_acceptance,
)
from tests.protocol.builders import GENERATION, NOW_MS, RELAY, Space, device_key, fill, invite, mutations
from tests.protocol.fuzzing import check_canonical, check_every_byte

SPACE = Space(devices=2)
RECORDS = [accepted.record for accepted in SPACE.controls]
ENDED = Acceptance(
    generation=GENERATION,
    offset=9,
    time_ms=NOW_MS,
    ended=(
        EndedWriter(writer=Writer(3), number=0, hash=fill("a")),
        EndedWriter(writer=Writer(4), number=7, hash=fill("b")),
    ),
)


def frame(type_number: int, payload: Packed, *, seq: int = 1, author: int = 0) -> bytes:
    """A record of any type with any payload."""
    head = (
        bytes([1, type_number]) + bytes(32) + seq.to_bytes(4, "big") + bytes(32) + author.to_bytes(4, "big")
    )
    return head + pack(payload)


def test_records_of_every_type_come_back() -> None:
    """Genesis, relay, invite and accept decode to what was encoded, in their one encoding."""
    assert [record_type(record) for record in RECORDS] == [
        RecordType.GENESIS,
        RecordType.RELAY,
        RecordType.INVITE,
        RecordType.ACCEPT,
    ]
    for record in RECORDS:
        assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record_type(record).name)
def test_every_byte_of_a_record_is_read(record: ControlRecord) -> None:
    """No cut or changed record does worse than a RemoteError."""
    check_every_byte(decode_record, encode_record(record))


@given(st.one_of(st.binary(max_size=200), *(mutations(encode_record(record)) for record in RECORDS)))
def test_any_bytes_are_a_record_or_a_remote_error(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives a record in its one encoding, or a RemoteError."""
    check_canonical(decode_record, encode_record, data)


@pytest.mark.parametrize("type_number", [0, *RecordType, 8, 255])
def test_types_that_this_version_does_not_know_stop_the_evaluation(type_number: int) -> None:
    """An unknown type is an unsupported version, whatever is in it; so is a later version of records."""
    is_known = type_number in {1, 2, 3, 4}
    with pytest.raises(Malformed if is_known else UnsupportedVersion):
        decode_record(frame(type_number, ["later"]))
    with pytest.raises(UnsupportedVersion):
        decode_record(b"\x02" + frame(1, []))


GENESIS: list[Packed] = [bytes(16), bytes(32), bytes(32), b"p" * 16, [], bytes(32)]
INVITE: list[Packed] = [bytes(16), bytes(32), bytes(32), 2, 1, NOW_MS, bytes(16)]
BAD_RECORDS = {
    "genesis that is not first": frame(1, GENESIS),
    "genesis by a device": frame(1, GENESIS, seq=0, author=1),
    "another first record": frame(2, [bytes(32), ["ws://a"]], seq=0),
    "invitation by an unadmitted device": frame(3, INVITE, author=2**21 - 1),
    "accept by a device": frame(4, [bytes(16), bytes(32), bytes(32), b"p" * 16]),
    "too long": frame(2, [bytes(32), ["a" * MAX_CONTROL_RECORD_BYTES]]),
}


@pytest.mark.parametrize("data", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_records_out_of_range_are_malformed(data: bytes) -> None:
    """Places and authors that a type cannot have, and records over the bound, are refused when read."""
    with pytest.raises(Malformed):
        decode_record(data)


def test_a_record_that_could_not_be_read_is_not_made() -> None:
    """Encoding checks what decoding would: a mistake shows at the author, not at everybody else."""
    with pytest.raises(Malformed):
        encode_record(SPACE.record(NameRelay(relay_key=bytes(32), addresses=())))


def test_the_space_is_named_by_the_hash_of_its_genesis() -> None:
    """A genesis belongs to the space of its own hash, which is also its link; other records name it."""
    genesis = SPACE.controls[0]
    assert genesis.signed.space == record_hash(genesis.signed.record_bytes) == genesis.link == SPACE.id
    assert all(accepted.signed.space == SPACE.id for accepted in SPACE.controls)


def test_every_type_has_its_number_of_signatures() -> None:
    """An accept record has two signatures of 64 bytes, every other one."""
    for accepted in SPACE.controls:
        signed = accepted.signed
        assert read_signed_record(signed.record_bytes, signed.signatures) == signed
        for wrong in ((), signed.signatures * 2, tuple(one[:-1] for one in signed.signatures)):
            with pytest.raises(Malformed):
                read_signed_record(signed.record_bytes, wrong)


def test_a_link_covers_the_acceptance() -> None:
    """The same record accepted at another time or place has another link."""
    accepted = SPACE.controls[1]
    assert accepted.acceptance is not None
    for changed in (
        replace(accepted.acceptance, time_ms=NOW_MS + 1),
        replace(accepted.acceptance, offset=8),
        replace(accepted.acceptance, generation=bytes(16)),
    ):
        assert bind_acceptance(accepted.signed, changed, accepted.acceptance_signature).link != accepted.link


def test_an_acceptance_holds_for_one_record_under_one_relay() -> None:
    """The relay's signature covers space, place, record and acceptance."""
    one, two = SPACE.controls[1], SPACE.controls[2]
    assert one.acceptance is not None
    verify_acceptance(one, relay_key=RELAY.public, verify=verify)
    with pytest.raises(CryptoError):
        verify_acceptance(one, relay_key=device_key(0).public, verify=verify)
    moved = bind_acceptance(two.signed, one.acceptance, one.acceptance_signature)
    with pytest.raises(CryptoError):
        verify_acceptance(moved, relay_key=RELAY.public, verify=verify)
    later = bind_acceptance(one.signed, replace(one.acceptance, time_ms=NOW_MS + 1), one.acceptance_signature)
    with pytest.raises(CryptoError):
        verify_acceptance(later, relay_key=RELAY.public, verify=verify)


def test_acceptances_come_back() -> None:
    """An acceptance with heads decodes to what was encoded; every byte of it is read."""
    assert decode_acceptance(encode_acceptance(ENDED)) == ENDED
    check_every_byte(decode_acceptance, encode_acceptance(ENDED))


@given(st.one_of(st.binary(max_size=140), mutations(encode_acceptance(ENDED))))
def test_any_bytes_are_an_acceptance_or_malformed(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives an acceptance in its one encoding, or a RemoteError."""
    check_canonical(decode_acceptance, encode_acceptance, data)


def test_acceptances_out_of_range_are_malformed() -> None:
    """Heads are sorted and few, offsets count from 1, and times fit a hybrid clock."""
    many = tuple(
        EndedWriter(writer=Writer(n), number=1, hash=bytes(32)) for n in range(MAX_ENDED_WRITERS + 1)
    )
    encoded = encode_acceptance(replace(ENDED, ended=many[:-1]))
    too_many = encoded[:32] + (MAX_ENDED_WRITERS + 1).to_bytes(2, "big") + encoded[34:] + bytes(48)
    for data in (
        encode_acceptance(replace(ENDED, ended=ENDED.ended[::-1])),
        encode_acceptance(replace(ENDED, offset=0)),
        encode_acceptance(replace(ENDED, time_ms=MAX_TIME_MS)),
        too_many,
    ):
        with pytest.raises(Malformed):
            decode_acceptance(data)


def test_an_invitation_signs_before_the_device() -> None:
    """The two signatures of an accept record are over the same hash, the invitation's first."""
    invitation = invite("order")
    signed = SPACE.admission(5, invitation)
    verify(invitation.signing_key, "control", signed.hash, signed.signatures[0])
    verify(device_key(5).public, "control", signed.hash, signed.signatures[1])


def test_a_genesis_says_nothing_about_itself() -> None:
    """Two genesis records with different salts make different spaces."""
    payload = SPACE.controls[0].record.payload
    assert isinstance(payload, Genesis)
    other = ControlRecord(
        space=SpaceId(bytes(32)), seq=0, prev=bytes(32), author=0, payload=replace(payload, salt=bytes(16))
    )
    assert sign_record(other, SigningKey(bytes(32))).space != SPACE.id
