"""The one way to sign: Ed25519 over a purpose and a 32-byte digest (``docs/formats/primitives.md``, Sign).

Must not know what is signed. The signed message is always the same 48 bytes, ``"syncore1"``, the purpose
padded to 8 and the digest, so no signature serves two purposes, and none can be mistaken for one of another
program. Verification raises; it never answers with a truth value that somebody could forget to look at.
"""

from typing import Final, final

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from syncore.core.errors import CryptoError, Misused
from syncore.core.hashing import DOMAIN, pad8
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES
from syncore.crypto.secrecy import Secret

SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


@final
class SigningKey(Secret):
    """An Ed25519 key, made of its 32-byte seed.

    Attributes:
        public: The 32 bytes that others verify with.
    """

    __slots__ = ("_expanded", "public")

    SIZE_BYTES = SEED_BYTES

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        public, expanded = crypto_sign_seed_keypair(seed)
        self.public: Final[bytes] = public
        self._expanded: Final[bytes] = expanded

    def sign(self, kind: str, digest: bytes) -> bytes:
        """The 64-byte signature over ``digest`` for the purpose ``kind`` (at most 8 ASCII characters).

        Raises:
            Misused: ``digest`` is not 32 bytes: sign a hash of what is meant.
        """
        return crypto_sign(_signed_message(kind, digest), self._expanded)[:SIGNATURE_BYTES]


def verify(public_key: bytes, kind: str, digest: bytes, signature: bytes) -> None:
    """Return if ``signature`` is one that the owner of ``public_key`` made over ``digest`` for ``kind``.

    Raises:
        CryptoError: it is not, or the key or the signature cannot be one (wrong size, not a canonical point,
            of small order).
        Misused: ``digest`` is not 32 bytes.
    """
    message = _signed_message(kind, digest)
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise CryptoError("a signature does not hold")
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        raise CryptoError("a signature does not hold") from None


def _signed_message(kind: str, digest: bytes) -> bytes:
    if type(digest) is not bytes or len(digest) != HASH_BYTES:
        raise Misused(f"only digests of {HASH_BYTES} bytes are signed")
    return DOMAIN + pad8(kind) + digest
