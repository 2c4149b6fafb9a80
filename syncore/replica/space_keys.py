"""The keys at work: what a replica seals, opens, signs and verifies one space's segments with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syncore.core.errors import Misused
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES
from syncore.core.ports import Entropy
from syncore.crypto.keys import ContentKey
from syncore.crypto.presence_cipher import open_presence_body, seal_presence_body
from syncore.crypto.sealing import NONCE_BYTES
from syncore.crypto.segment_cipher import open_body, seal_body
from syncore.protocol.ports import BodyCipher, PresenceCipher, Signer, Verify

CipherFactory = Callable[[Mapping[int, ContentKey], Entropy], BodyCipher]
"""Makes the cipher of one space of its content keys by epoch: :class:`SpaceCipher`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceKeys:
    """What sealing and merging need of cryptography for one space.

    Attributes:
        cipher: Seals and opens bodies under the space's content keys.
        presence: The same for presence messages.
        signer: This device's signing key.
        verify: Checks everybody's signatures.
    """

    cipher: BodyCipher
    presence: PresenceCipher
    signer: Signer
    verify: Verify


class SpaceCipher:
    """A :class:`BodyCipher` over content keys by epoch."""

    def __init__(self, keys: Mapping[int, ContentKey], entropy: Entropy) -> None:
        """Hold keys that were checked against their commitments."""
        self._keys = dict(keys)
        self._entropy = entropy

    def seal(self, epoch: int, plain: bytes, header: bytes) -> bytes:
        """Compress, pad and seal under a fresh nonce."""
        return seal_body(_held(self._keys, epoch), plain, header, self._entropy.random_bytes(NONCE_BYTES))

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """The plain bytes of a body."""
        return open_body(_held(self._keys, epoch), body, header, max_plain_bytes=MAX_SEGMENT_PLAIN_BYTES)


class SpacePresenceCipher:
    """A :class:`PresenceCipher` over content keys by epoch."""

    def __init__(self, keys: Mapping[int, ContentKey], entropy: Entropy) -> None:
        """Hold keys that were checked against their commitments."""
        self._keys = dict(keys)
        self._entropy = entropy

    def seal(self, epoch: int, plain: bytes, header: bytes) -> bytes:
        """Pad and seal under a fresh nonce."""
        nonce = self._entropy.random_bytes(NONCE_BYTES)
        return seal_presence_body(_held(self._keys, epoch), plain, header, nonce)

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """The plain bytes of a body."""
        return open_presence_body(_held(self._keys, epoch), body, header)


def _held(keys: Mapping[int, ContentKey], epoch: int) -> ContentKey:
    key = keys.get(epoch)
    if key is None:
        raise Misused(f"the content key of epoch {epoch} is not held")
    return key
