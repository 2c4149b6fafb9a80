"""What the protocol needs from cryptography and from whoever holds a log, as small protocols.

The implementations come from ``syncore.crypto`` and from the two stores (the replica's and the relay's); they
are handed in by the engine, the relay or a simulation.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from syncore.core.identifiers import Writer

SIGNATURE_BYTES = 64
"""Ed25519."""

Verify = Callable[[bytes, str, bytes, bytes], None]
"""``verify(public_key, kind, digest, signature)``: returns when the signature holds, else raises
``CryptoError``."""


class Signer(Protocol):
    """A private signing key that never shows itself."""

    @property
    def public(self) -> bytes:
        """The 32 bytes that others verify with."""
        ...

    def sign(self, kind: str, digest: bytes) -> bytes:
        """64 bytes over the purpose ``kind`` (at most 8 ASCII characters) and a digest of 32 bytes."""
        ...


class BodyCipher(Protocol):
    """Seals and opens the bodies of one space's segments; its keys were checked against their commitments.

    Both methods raise ``Misused`` for an epoch whose key is not held: that is not the segment's fault.
    """

    def seal(self, epoch: int, plain: bytes, header: bytes) -> bytes:
        """Compress, pad and seal; draws a fresh nonce, so two calls never give the same bytes."""
        ...

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """The plain bytes.

        Raises:
            CryptoError: the seal does not hold.
            Malformed: it holds, but what is inside is no compressed plaintext within the limits.
        """
        ...


class PresenceCipher(Protocol):
    """Seals and opens the bodies of one space's presence messages, under keys of their own.

    Both methods raise ``Misused`` for an epoch whose key is not held: that is not the message's fault.
    """

    def seal(self, epoch: int, plain: bytes, header: bytes) -> bytes:
        """Pad to a fixed size and seal; draws a fresh nonce, so two calls never give the same bytes."""
        ...

    def open(self, epoch: int, body: bytes, header: bytes) -> bytes:
        """The plain bytes.

        Raises:
            CryptoError: the seal does not hold.
            Malformed: it holds, but what is inside is not padded as it has to be.
        """
        ...


class Head(NamedTuple):
    """Where a writer's chain ends: its last commit's number, and the hash of the segment that carries it."""

    number: int
    hash: bytes


class SegmentIndex(Protocol):
    """The segments that somebody holds; a consistent view while one segment is judged."""

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain, or None when nothing of it is held."""
        ...

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the writer's segment whose *last* commit has this number, or None."""
        ...
