"""The keys that a device and a space hold: device keys and content keys.

Owns what they are made of and what can be said about them in public; must not know where they are stored or
how they travel. Formats: ``docs/formats/primitives.md``, Device keys and Content key.
"""

import hmac
from typing import Final, final

from nacl.bindings import crypto_box_seed_keypair

from syncore.core.errors import CryptoError
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.secrecy import Secret
from syncore.crypto.signing import SEED_BYTES, SigningKey

_EPOCH_BYTES: Final = 4


@final
class BoxKey(Secret):
    """An X25519 key that others seal to, made of its 32-byte seed.

    Attributes:
        public: The 32 bytes that others seal to.
    """

    __slots__ = ("public",)

    SIZE_BYTES = SEED_BYTES

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        public, _secret = crypto_box_seed_keypair(seed)
        self.public: Final[bytes] = public


@final
class DeviceKeys(Secret):
    """A device's keys, made of the signing seed and the box seed, 32 bytes each.

    Attributes:
        signing: What the device signs its segments, control records and handshakes with.
        box: What content keys are sealed to.
    """

    __slots__ = ("box", "signing")

    SIZE_BYTES = 2 * SEED_BYTES

    def __init__(self, seeds: bytes) -> None:
        super().__init__(seeds)
        self.signing: Final = SigningKey(seeds[:SEED_BYTES])
        self.box: Final = BoxKey(seeds[SEED_BYTES:])


@final
class ContentKey(Secret):
    """The key of one epoch of a space, made of 32 random bytes; only keys derived from it are used."""

    __slots__ = ()

    SIZE_BYTES = KEY_BYTES

    def commitment(self, space: bytes, epoch: int) -> bytes:
        """The 32 bytes in the control log that tell this key from any other, and nothing else about it.

        Args:
            space: The space's id; the genesis record commits over 32 zero bytes, because its id is not known
                yet.
            epoch: From 1.
        """
        assert len(space) == HASH_BYTES
        return derive(self._secret, "commit", space + epoch.to_bytes(_EPOCH_BYTES, "big"))

    def verify_commitment(self, commitment: bytes, *, space: bytes, epoch: int) -> None:
        """Return if this is the key that ``commitment`` was made of.

        Raises:
            CryptoError: it is another one.
        """
        if not hmac.compare_digest(self.commitment(space, epoch), commitment):
            raise CryptoError("a content key is not the one that the control log names")
