"""The presence message: what one session of a device shows of itself now (``docs/formats/presence.md``).

Owns its layout, hash and signature, and what is inside the body. Must not know how a body is sealed
(:class:`~syncore.protocol.ports.PresenceCipher`), who is here (:mod:`syncore.protocol.presence_table`), nor
when to say something (:mod:`syncore.protocol.presence_voice`). Nothing of it is ever stored.
"""

from dataclasses import dataclass
from struct import Struct

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.codec.values import decode_value
from syncore.core.errors import Malformed, UnsupportedVersion
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import NOT_ADMITTED, WRITER_BITS, SpaceId, Writer, device_index
from syncore.core.limits import (
    LARGE_PRESENCE_BYTES,
    MAX_PRESENCE_BYTES,
    MAX_PRESENCE_TTL_MS,
    MAX_PRESENCE_VALUE_BYTES,
    MEDIUM_PRESENCE_BYTES,
    MIN_PRESENCE_TTL_MS,
    SMALL_PRESENCE_BYTES,
)
from syncore.protocol.ports import SIGNATURE_BYTES, PresenceCipher, Signer, Verify

PRESENCE_VERSION = 1
PRESENCE_SIGNING_KIND = "presence"
PRESENCE_SESSION_BYTES = 8
MAX_PRESENCE_COUNTER = 2**63 - 1

_HEADER = Struct(">B32sQ8sQI")
_SEAL_BYTES = 40
_BODY_SIZES = frozenset(
    padded + _SEAL_BYTES for padded in (SMALL_PRESENCE_BYTES, MEDIUM_PRESENCE_BYTES, LARGE_PRESENCE_BYTES)
)

assert _HEADER.size + max(_BODY_SIZES) <= MAX_PRESENCE_BYTES
assert MAX_PRESENCE_VALUE_BYTES + 4 + len(pack([True, MAX_PRESENCE_TTL_MS, b""])) + 2 <= LARGE_PRESENCE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceHeader:
    """What everybody may read of a presence message, the relay included.

    Attributes:
        space: The space.
        writer: The author; the device in it has to have signed.
        session: 8 random bytes: one life of the author's program.
        counter: Rises with every message of the session, from 1.
        epoch: The epoch whose content key seals the body.
    """

    space: SpaceId
    writer: Writer
    session: bytes
    counter: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceMessage:
    """A sealed presence message with its hash; the signature is not verified by decoding."""

    header: PresenceHeader
    header_bytes: bytes
    body: bytes
    signature: bytes
    hash: bytes

    @property
    def content(self) -> bytes:
        """Header and body, as they travel beside the signature."""
        return self.header_bytes + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class PresencePlain:
    """What the body of a presence message holds, for members only.

    Attributes:
        asks: Whether others shall say again what they show: the author is new here.
        ttl_ms: How long it holds without being said again; 0: the author is not here, or not any more.
        value: The encoded value that is shown; empty exactly when ``ttl_ms`` is 0.
    """

    asks: bool
    ttl_ms: int
    value: bytes

    @property
    def is_here(self) -> bool:
        """Whether the author is here."""
        return self.ttl_ms > 0


def encode_presence_header(header: PresenceHeader) -> bytes:
    """The header's bytes."""
    return _HEADER.pack(
        PRESENCE_VERSION, header.space, header.writer, header.session, header.counter, header.epoch
    )


def encode_presence_plain(plain: PresencePlain) -> bytes:
    """The plain bytes of a body."""
    return pack([plain.asks, plain.ttl_ms, plain.value])


def decode_presence_plain(data: bytes) -> PresencePlain:
    """What a body holds.

    Raises:
        Malformed: other fields, a span out of range, or a value that is none.
    """
    fields = unpack(data, what="a presence content", max_bytes=LARGE_PRESENCE_BYTES)
    asks, ttl, value = as_array(fields, what="a presence content", length=3)
    if type(asks) is not bool:
        raise Malformed("whether a presence message asks must be a boolean")
    ttl_ms = as_integer(ttl, what="a time to live", high=MAX_PRESENCE_TTL_MS)
    encoded = as_bytes(value, what="a presence value", max_length=MAX_PRESENCE_VALUE_BYTES)
    if 0 < ttl_ms < MIN_PRESENCE_TTL_MS:
        raise Malformed(f"a time to live is {ttl_ms} ms; at least {MIN_PRESENCE_TTL_MS} are required")
    if bool(ttl_ms) is not bool(encoded):
        raise Malformed("a presence value comes with a time to live, and not without")
    if encoded:
        decode_value(encoded)
    return PresencePlain(asks=asks, ttl_ms=ttl_ms, value=encoded)


def presence_hash(header_bytes: bytes, body: bytes) -> bytes:
    """What the author signs."""
    return hash_parts("presence", header_bytes, body)


def seal_presence(
    header: PresenceHeader, plain: PresencePlain, *, cipher: PresenceCipher, signer: Signer
) -> PresenceMessage:
    """Seal and sign what a session shows."""
    header_bytes = encode_presence_header(header)
    body = cipher.seal(header.epoch, encode_presence_plain(plain), header_bytes)
    digest = presence_hash(header_bytes, body)
    return PresenceMessage(
        header=header,
        header_bytes=header_bytes,
        body=body,
        signature=signer.sign(PRESENCE_SIGNING_KIND, digest),
        hash=digest,
    )


def parse_presence(content: bytes, signature: bytes) -> PresenceMessage:
    """A presence message from header and body, and its signature beside it; nothing is verified.

    Raises:
        UnsupportedVersion: of another version of the format.
        Malformed: it does not decode.
    """
    if content and content[0] != PRESENCE_VERSION:
        raise UnsupportedVersion(f"a presence message has version {content[0]}")
    if len(content) - _HEADER.size not in _BODY_SIZES or len(signature) != SIGNATURE_BYTES:
        raise Malformed("a presence message has none of the sizes that there are")
    header_bytes, body = content[: _HEADER.size], content[_HEADER.size :]
    _, space, writer, session, counter, epoch = _HEADER.unpack(header_bytes)
    if writer >> WRITER_BITS or device_index(writer) == NOT_ADMITTED:
        raise Malformed("a presence message names a writer that cannot be")
    if not 0 < counter <= MAX_PRESENCE_COUNTER or epoch == 0:
        raise Malformed("a presence message has a counter or an epoch that cannot be")
    return PresenceMessage(
        header=PresenceHeader(
            space=SpaceId(space), writer=Writer(writer), session=session, counter=counter, epoch=epoch
        ),
        header_bytes=header_bytes,
        body=body,
        signature=signature,
        hash=presence_hash(header_bytes, body),
    )


def verify_presence(message: PresenceMessage, *, public_key: bytes, verify: Verify) -> None:
    """Return if the owner of a key signed the message.

    Raises:
        CryptoError: somebody else made it.
    """
    verify(public_key, PRESENCE_SIGNING_KIND, message.hash, message.signature)


def open_presence(message: PresenceMessage, *, cipher: PresenceCipher) -> PresencePlain:
    """What the message says.

    Raises:
        CryptoError: the seal does not hold.
        Malformed: it holds around something that no author may write.
    """
    return decode_presence_plain(cipher.open(message.header.epoch, message.body, message.header_bytes))
