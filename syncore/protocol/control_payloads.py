"""What a control record can say: the payloads of its types (``docs/formats/control-log.md``)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Packed, Unpacked
from syncore.core.errors import Malformed, UnsupportedVersion
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES
from syncore.core.limits import MAX_ADDRESS_BYTES, MAX_INVITATION_USES, MAX_RELAY_ADDRESSES

PRINCIPAL_BYTES = 16
INVITATION_ID_BYTES = 16
SALT_BYTES = 16
ANY_PRINCIPAL = bytes(PRINCIPAL_BYTES)
"""In an invitation: whoever accepts becomes a principal of its own."""
MAX_RECOVERY_KEYS = 8
"""Recovery keys in a genesis; a person keeps one or two phrases."""
MAX_TIME_MS = 2**47
"""Milliseconds since 1970 that fit into the 48 bits of a hybrid time: year 6429."""


class RecordType(IntEnum):
    """Types of control records; this version builds and reads the first four."""

    GENESIS = 1
    RELAY = 2
    INVITE = 3
    ACCEPT = 4
    ROLE = 5
    REMOVE = 6
    ROTATE = 7


class Role(IntEnum):
    """What a device may do; a greater role includes the smaller ones."""

    READER = 1
    WRITER = 2
    ADMIN = 3
    OWNER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """Makes a space and admits its first device, as owner with index 0.

    Attributes:
        salt: Random; makes the space's id unique.
        signing_key: The first device's.
        box_key: The first device's.
        principal: The first device's.
        recovery_keys: Signing keys that may recover the space; kept, and without effect in this version.
        commitment: To the content key of epoch 1, over a space id of zeros.
    """

    salt: bytes
    signing_key: bytes
    box_key: bytes
    principal: bytes
    recovery_keys: tuple[bytes, ...] = ()
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRelay:
    """Names the relay whose acceptances count from here on, this record's own included."""

    relay_key: bytes
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Opens an invitation.

    Attributes:
        id: Random; also names the slot at the relay.
        signing_key: The invitation's own; whoever holds its secret may accept.
        box_key: The invitation's own.
        role: What the device that accepts will be.
        uses: How many devices may accept.
        expires_ms: The first millisecond at which it cannot be accepted any more, by the relay's clock.
        principal: To whom accepting devices will belong: ``ANY_PRINCIPAL``, the author's own, or one never
            named before.
    """

    id: bytes
    signing_key: bytes
    box_key: bytes
    role: Role
    uses: int
    expires_ms: int
    principal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """The ``accept`` record: admits the device that holds the keys, under an invitation."""

    invitation_id: bytes
    signing_key: bytes
    box_key: bytes
    principal: bytes


Payload = Genesis | NameRelay | Invite | Admit


def payload_type(payload: Payload) -> RecordType:
    """The type that stands before a payload."""
    match payload:
        case Genesis():
            return RecordType.GENESIS
        case NameRelay():
            return RecordType.RELAY
        case Invite():
            return RecordType.INVITE
        case Admit():
            return RecordType.ACCEPT
        case _:
            assert_never(payload)


def payload_structure(payload: Payload) -> Packed:
    """A payload as the array that is packed."""
    match payload:
        case Genesis():
            return [
                payload.salt,
                payload.signing_key,
                payload.box_key,
                payload.principal,
                list(payload.recovery_keys),
                payload.commitment,
            ]
        case NameRelay():
            return [payload.relay_key, list(payload.addresses)]
        case Invite():
            return [
                payload.id,
                payload.signing_key,
                payload.box_key,
                int(payload.role),
                payload.uses,
                payload.expires_ms,
                payload.principal,
            ]
        case Admit():
            return [payload.invitation_id, payload.signing_key, payload.box_key, payload.principal]
        case _:
            assert_never(payload)


def read_payload(type_number: int, structure: Unpacked) -> Payload:
    """A payload from the array that was unpacked.

    Raises:
        Malformed: the array is none of this type.
        UnsupportedVersion: a type or role that this program does not know.
    """
    match type_number:
        case RecordType.GENESIS:
            return _genesis(structure)
        case RecordType.RELAY:
            return _name_relay(structure)
        case RecordType.INVITE:
            return _invite(structure)
        case RecordType.ACCEPT:
            return _admit(structure)
        case _:
            raise UnsupportedVersion(
                f"a control record has type {type_number}, which this program does not know"
            )


def _genesis(structure: Unpacked) -> Genesis:
    salt, signing_key, box_key, principal, recovery, commitment = as_array(
        structure, what="a genesis", length=6
    )
    return Genesis(
        salt=as_bytes(salt, what="a salt", length=SALT_BYTES),
        signing_key=_key(signing_key),
        box_key=_key(box_key),
        principal=_principal(principal),
        recovery_keys=tuple(
            _key(key) for key in as_array(recovery, what="recovery keys", max_length=MAX_RECOVERY_KEYS)
        ),
        commitment=as_bytes(commitment, what="a commitment", length=HASH_BYTES),
    )


def _name_relay(structure: Unpacked) -> NameRelay:
    relay_key, addresses = as_array(structure, what="a relay record", length=2)
    named = as_array(addresses, what="a relay's addresses", max_length=MAX_RELAY_ADDRESSES)
    if not named:
        raise Malformed("a relay record names no address")
    return NameRelay(
        relay_key=_key(relay_key),
        addresses=tuple(
            as_text(address, what="an address", max_bytes=MAX_ADDRESS_BYTES) for address in named
        ),
    )


def _invite(structure: Unpacked) -> Invite:
    identifier, signing_key, box_key, role, uses, expires, principal = as_array(
        structure, what="an invite", length=7
    )
    role = as_integer(role, what="a role", high=255)
    if role not in tuple(Role):
        raise UnsupportedVersion(f"an invitation has role {role}, which this program does not know")
    return Invite(
        id=as_bytes(identifier, what="an invitation's id", length=INVITATION_ID_BYTES),
        signing_key=_key(signing_key),
        box_key=_key(box_key),
        role=Role(role),
        uses=as_integer(uses, what="uses", low=1, high=MAX_INVITATION_USES),
        expires_ms=as_integer(expires, what="an expiry", high=MAX_TIME_MS - 1),
        principal=as_bytes(principal, what="a principal", length=PRINCIPAL_BYTES),
    )


def _admit(structure: Unpacked) -> Admit:
    identifier, signing_key, box_key, principal = as_array(structure, what="an accept record", length=4)
    return Admit(
        invitation_id=as_bytes(identifier, what="an invitation's id", length=INVITATION_ID_BYTES),
        signing_key=_key(signing_key),
        box_key=_key(box_key),
        principal=_principal(principal),
    )


def _key(structure: Unpacked) -> bytes:
    return as_bytes(structure, what="a key", length=KEY_BYTES)


def _principal(structure: Unpacked) -> bytes:
    principal = as_bytes(structure, what="a principal", length=PRINCIPAL_BYTES)
    if principal == ANY_PRINCIPAL:
        raise Malformed("a principal of zeros stands for nobody")
    return principal
