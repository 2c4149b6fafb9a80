"""Invitations: the code that a person passes on, the keys inside it, and the slot that it opens.

Owns the code's text form, what is derived from its secret, and the slot's layout
(``docs/formats/primitives.md``, Invitation code and Invitation slot); must not know roles, uses, expiry or
how a slot travels.
"""

from base64 import b32decode, b32encode
from dataclasses import dataclass
from typing import Final, final

from syncore.core.errors import InvalidInvitation, Malformed, Misused
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES
from syncore.core.limits import MAX_ADDRESS_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import BoxKey, ContentKey
from syncore.crypto.sealing import open_sealed, seal
from syncore.crypto.secrecy import Secret
from syncore.crypto.signing import SigningKey

INVITATION_SECRET_BYTES: Final = 13
"""104 bits: short enough to read aloud, too long to be searched offline from a stolen slot."""
INVITATION_ID_BYTES: Final = 16
CODE_CHARACTERS: Final = 24
SLOT_PLAIN_BYTES: Final = 136
MAX_CODE_INPUT_CHARACTERS: Final = 1_024
"""What may be pasted as an invitation: a code with separators and an address stay far below."""

_CHECK_BYTES: Final = 2
_NUMBER_BYTES: Final = 4
_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_IN_ADDRESSES_ONLY: Final = frozenset("/?#@")
_MAX_PORT: Final = 65_535
_MAX_PORT_DIGITS: Final = 5


@final
class InvitationKeys(Secret):
    """Everything that follows from an invitation's 13 secret bytes.

    Attributes:
        id: 16 public bytes that name the invitation in the control log and at the relay.
        signing: Signs the request for the slot and, beside the new device, the accept record.
        box: What content keys are sealed to while the invitation is open.
    """

    __slots__ = ("box", "id", "signing")

    SIZE_BYTES = INVITATION_SECRET_BYTES

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        self.id: Final = derive(secret, "inv-id")[:INVITATION_ID_BYTES]
        self.signing: Final = SigningKey(derive(secret, "inv-sign"))
        self.box: Final = BoxKey(derive(secret, "inv-box"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A code that was read: its keys, and the relay's ``host:port`` or ws:// or wss:// URL, as given."""

    keys: InvitationKeys
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotContent:
    """What a newcomer learns from the slot: which space, which log, which relay, and the current content key.

    Attributes:
        space: The space's id, 32 bytes.
        control_seq: Number of the control record at which the slot was sealed.
        control_hash: That record's link, 32 bytes: the log that the newcomer is shown must contain it.
        relay_key: The relay's public key, 32 bytes.
        epoch: The epoch of the content key.
        content_key: The key to seal new segments with.
    """

    space: bytes
    control_seq: int
    control_hash: bytes
    relay_key: bytes
    epoch: int
    content_key: ContentKey

    def __post_init__(self) -> None:
        assert len(self.space) == len(self.control_hash) == HASH_BYTES
        assert len(self.relay_key) == KEY_BYTES


def make_code(secret: bytes, host: str) -> str:
    """The code of an invitation, to be shown to a person: 24 characters, ``@`` and the host.

    Raises:
        Misused: not 13 bytes, or a host that :func:`parse_code` would refuse.
    """
    if len(secret) != INVITATION_SECRET_BYTES:
        raise Misused(f"an invitation's secret has {INVITATION_SECRET_BYTES} bytes")
    problem = _host_problem(host)
    if problem:
        raise Misused(f"an invitation cannot name this relay: {problem}")
    return b32encode(secret + _check_bytes(secret)).decode("ascii") + "@" + host


def parse_code(text: str) -> Invitation:
    """Read a code as a person typed or pasted it.

    Case does not matter, nor do spaces and hyphens before the ``@``.

    Raises:
        InvalidInvitation: mistyped. ``details["part"]`` names what is wrong: ``length``, ``character``,
            ``checksum`` or ``host``. Neither message nor details repeat the code.
    """
    if len(text) > MAX_CODE_INPUT_CHARACTERS:
        raise InvalidInvitation("this is too long for an invitation", hint=_HOW_CODES_LOOK, part="length")
    code, _at, host = text.partition("@")
    secret = _parse_secret("".join(code.split()).replace("-", ""))
    host = host.strip()
    problem = _host_problem(host)
    if problem:
        raise InvalidInvitation(
            f"the invitation's address is wrong: {problem}", hint=_HOW_CODES_LOOK, part="host"
        )
    return Invitation(keys=InvitationKeys(secret), host=host)


def seal_slot(keys: InvitationKeys, content: SlotContent, nonce: bytes) -> bytes:
    """The slot as the relay keeps it: readable by whoever has the code.

    Raises:
        Misused: ``nonce`` is not 24 bytes.
    """
    plain = b"".join(
        (
            content.space,
            content.control_seq.to_bytes(_NUMBER_BYTES, "big"),
            content.control_hash,
            content.relay_key,
            content.epoch.to_bytes(_NUMBER_BYTES, "big"),
            content.content_key.secret_bytes(),
        )
    )
    assert len(plain) == SLOT_PLAIN_BYTES
    return seal(_slot_key(keys), plain, keys.id, nonce)


def open_slot(keys: InvitationKeys, sealed: bytes) -> SlotContent:
    """What :func:`seal_slot` was given.

    Raises:
        CryptoError: the slot of another invitation, or not as it was sealed.
        Malformed: somebody with the code sealed something else than a slot.
    """
    plain = open_sealed(_slot_key(keys), sealed, keys.id)
    if len(plain) != SLOT_PLAIN_BYTES:
        raise Malformed(f"an invitation slot holds {len(plain)} bytes, not {SLOT_PLAIN_BYTES}")
    return SlotContent(
        space=plain[:32],
        control_seq=int.from_bytes(plain[32:36], "big"),
        control_hash=plain[36:68],
        relay_key=plain[68:100],
        epoch=int.from_bytes(plain[100:104], "big"),
        content_key=ContentKey(plain[104:]),
    )


_HOW_CODES_LOOK: Final = (
    f"an invitation is {CODE_CHARACTERS} letters and digits, then @ and the relay's address"
)


def _slot_key(keys: InvitationKeys) -> bytes:
    return derive(keys.secret_bytes(), "inv-slot")


def _check_bytes(secret: bytes) -> bytes:
    return hash_parts("inv-chk", secret)[:_CHECK_BYTES]


def _parse_secret(code: str) -> bytes:
    """The secret in a code without its separators."""
    for position, character in enumerate(code, start=1):
        # ASCII first: some other letters turn into ASCII ones in upper case.
        if not character.isascii() or character.upper() not in _ALPHABET:
            raise InvalidInvitation(
                f"character {position} of the invitation, {character!r}, is not used in codes",
                hint="codes have letters and the digits 2 to 7: a 0 may be an O, a 1 an I or L, an 8 a B",
                part="character",
            )
    if len(code) != CODE_CHARACTERS:
        raise InvalidInvitation(
            f"the invitation's code has {len(code)} characters, not {CODE_CHARACTERS}",
            hint=_HOW_CODES_LOOK,
            part="length",
        )
    decoded = b32decode(code.upper())
    secret, check = decoded[:INVITATION_SECRET_BYTES], decoded[INVITATION_SECRET_BYTES:]
    if check != _check_bytes(secret):
        raise InvalidInvitation(
            "the invitation's code is mistyped: its check characters do not fit",
            hint="compare it with the original, character by character",
            part="checksum",
        )
    return secret


def _host_problem(host: str) -> str:
    """Why ``host`` cannot be a relay's address, or the empty string."""
    if not host:
        return "it is missing"
    if not host.isprintable() or any(character.isspace() for character in host):
        return "it holds a space or a character that cannot be printed"
    if len(host.encode()) > MAX_ADDRESS_BYTES:
        return f"it is longer than {MAX_ADDRESS_BYTES} bytes"
    scheme, separator, rest = host.partition("://")
    if separator:
        if scheme.lower() not in {"ws", "wss"}:
            return "it must start with ws:// or wss://, or be host:port"
        return "" if rest and rest[0] not in _IN_ADDRESSES_ONLY else "it names no host"
    name, _colon, port = host.rpartition(":")
    if not name or not _IN_ADDRESSES_ONLY.isdisjoint(name):
        return "it must be host:port, or start with ws:// or wss://"
    if not (
        port.isascii() and port.isdecimal() and len(port) <= _MAX_PORT_DIGITS and 0 < int(port) <= _MAX_PORT
    ):
        return f"the port after the colon must be a number from 1 to {_MAX_PORT}"
    return ""
