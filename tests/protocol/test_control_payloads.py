"""Tests of syncore.protocol.control_payloads."""

from dataclasses import replace

import pytest

from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.core.errors import Malformed, UnsupportedVersion
from syncore.core.limits import MAX_ADDRESS_BYTES, MAX_INVITATION_USES, MAX_RELAY_ADDRESSES
from syncore.protocol.control_payloads import (
    ANY_PRINCIPAL,
    MAX_RECOVERY_KEYS,
    MAX_TIME_MS,
    Admit,
    Genesis,
    Invite,
    NameRelay,
    Payload,
    RecordType,
    Role,
    payload_structure,
    payload_type,
    read_payload,
)
from tests.protocol.builders import NOW_MS, fill

GENESIS = Genesis(
    salt=fill("salt", 16),
    signing_key=fill("key"),
    box_key=fill("box"),
    principal=fill("principal", 16),
    commitment=fill("commitment"),
)
NAME_RELAY = NameRelay(relay_key=fill("relay"), addresses=("ws://a", "wss://b"))
INVITE = Invite(
    id=fill("id", 16),
    signing_key=fill("key"),
    box_key=fill("box"),
    role=Role.WRITER,
    uses=1,
    expires_ms=NOW_MS,
    principal=ANY_PRINCIPAL,
)
ADMIT = Admit(
    invitation_id=fill("id", 16),
    signing_key=fill("key"),
    box_key=fill("box"),
    principal=fill("principal", 16),
)
LARGEST: list[Payload] = [
    replace(GENESIS, recovery_keys=tuple(fill(f"recovery {n}") for n in range(MAX_RECOVERY_KEYS))),
    replace(NAME_RELAY, addresses=("é" * (MAX_ADDRESS_BYTES // 2) + "a",) * MAX_RELAY_ADDRESSES),
    replace(INVITE, role=Role.OWNER, uses=MAX_INVITATION_USES, expires_ms=MAX_TIME_MS - 1),
]


def unpacked(structure: Packed) -> Unpacked:
    """A structure as it arrives."""
    return unpack(pack(structure), what="a payload", max_bytes=10_000)


@pytest.mark.parametrize("payload", [GENESIS, NAME_RELAY, INVITE, ADMIT, *LARGEST])
def test_payloads_come_back(payload: Payload) -> None:
    """Every payload, with its largest values too, is read under its type as it was made."""
    assert read_payload(payload_type(payload), unpacked(payload_structure(payload))) == payload


def test_a_payload_is_read_under_its_own_type_alone() -> None:
    """The types are those of the four payloads, and none reads the array of another one."""
    payloads: list[Payload] = [GENESIS, NAME_RELAY, INVITE, ADMIT]
    types = [payload_type(payload) for payload in payloads]
    assert types == [RecordType.GENESIS, RecordType.RELAY, RecordType.INVITE, RecordType.ACCEPT]
    for payload in payloads:
        for other in set(types) - {payload_type(payload)}:
            with pytest.raises(Malformed):
                read_payload(other, unpacked(payload_structure(payload)))


@pytest.mark.parametrize("type_number", [0, RecordType.ROLE, RecordType.REMOVE, RecordType.ROTATE, 8, 255])
def test_a_type_of_a_later_version_is_not_guessed_at(type_number: int) -> None:
    """A type that this program does not build is an unsupported version, whatever is in it."""
    with pytest.raises(UnsupportedVersion):
        read_payload(type_number, unpacked(payload_structure(GENESIS)))


def test_a_role_of_a_later_version_stops_the_evaluation() -> None:
    """An invitation to a role that this program does not know is not taken for a smaller one."""
    structure = payload_structure(INVITE)
    assert isinstance(structure, list)
    for role in (0, 5, 0x12, 255):
        with pytest.raises(UnsupportedVersion):
            read_payload(RecordType.INVITE, unpacked([*structure[:3], role, *structure[4:]]))


BAD_PAYLOADS: dict[str, Payload] = {
    "genesis of nobody": replace(GENESIS, principal=ANY_PRINCIPAL),
    "genesis with a short salt": replace(GENESIS, salt=bytes(15)),
    "genesis with a short recovery key": replace(GENESIS, recovery_keys=(bytes(31),)),
    "genesis with nine recovery keys": replace(GENESIS, recovery_keys=(bytes(32),) * 9),
    "genesis with a long commitment": replace(GENESIS, commitment=bytes(33)),
    "relay with a short key": replace(NAME_RELAY, relay_key=bytes(31)),
    "relay without address": replace(NAME_RELAY, addresses=()),
    "relay with nine addresses": replace(NAME_RELAY, addresses=("ws://a",) * 9),
    "relay with a long address": replace(NAME_RELAY, addresses=("a" * 256,)),
    "relay with an address that is long in bytes": replace(NAME_RELAY, addresses=("é" * 128,)),
    "invitation with a long id": replace(INVITE, id=bytes(17)),
    "invitation of no use": replace(INVITE, uses=0),
    "invitation of many uses": replace(INVITE, uses=1_001),
    "invitation beyond all time": replace(INVITE, expires_ms=2**47),
    "invitation for half a principal": replace(INVITE, principal=bytes(8)),
    "accept by nobody": replace(ADMIT, principal=ANY_PRINCIPAL),
    "accept with a short box key": replace(ADMIT, box_key=bytes(31)),
}


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS.keys())
def test_payloads_out_of_range_are_malformed(payload: Payload) -> None:
    """Sizes and ranges are checked when a payload is read, whoever wrote it."""
    with pytest.raises(Malformed):
        read_payload(payload_type(payload), unpacked(payload_structure(payload)))


def test_roles_are_in_order() -> None:
    """A greater role includes the smaller ones, so roles compare as numbers."""
    assert Role.READER < Role.WRITER < Role.ADMIN < Role.OWNER
