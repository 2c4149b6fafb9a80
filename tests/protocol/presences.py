"""What tests of presence are made of: messages of the test devices, sealed as real ones."""

from syncore.codec.values import Value, encode_value
from syncore.core.errors import Misused
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import DeviceIndex, Incarnation, SpaceId, device_index, make_writer
from syncore.crypto.keys import ContentKey
from syncore.crypto.presence_cipher import open_presence_body, seal_presence_body
from syncore.crypto.signing import SigningKey
from syncore.protocol.presence import PresenceHeader, PresenceMessage, PresencePlain, seal_presence
from tests.protocol.builders import CONTENT_KEY, device_key, fill

NOBODY = PresencePlain(asks=False, ttl_ms=0, value=b"")


class OneKeyPresenceCipher:
    """The presence cipher of a space that is in its first epoch; nonces follow from the header."""

    def __init__(self, key: ContentKey = CONTENT_KEY) -> None:
        """Hold the key of epoch 1."""
        self._key = key

    def seal(self, _epoch: int, plain: bytes, header: bytes) -> bytes:
        """Seal under the key of epoch 1, whatever the header says."""
        return seal_presence_body(self._key, plain, header, hash_parts("test", header)[:24])

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """Open under the key of epoch 1."""
        if epoch != 1:
            raise Misused("no key")
        return open_presence_body(self._key, body, header)


def shows(value: Value, *, ttl_ms: int = 30_000, asks: bool = False) -> PresencePlain:
    """What somebody says who is here."""
    return PresencePlain(asks=asks, ttl_ms=ttl_ms, value=encode_value(value))


def header_of(
    space: SpaceId, device: int, *, counter: int = 1, session: str = "s", epoch: int = 1
) -> PresenceHeader:
    """The header of a test device."""
    return PresenceHeader(
        space=space,
        writer=make_writer(DeviceIndex(device), Incarnation(7)),
        session=fill(session, 8),
        counter=counter,
        epoch=epoch,
    )


def presence(
    space: SpaceId,
    device: int,
    plain: PresencePlain = NOBODY,
    *,
    counter: int = 1,
    session: str = "s",
    signer: SigningKey | None = None,
) -> PresenceMessage:
    """A test device's message."""
    header = header_of(space, device, counter=counter, session=session)
    key = signer or device_key(device_index(header.writer))
    return seal_presence(header, plain, cipher=OneKeyPresenceCipher(), signer=key)
