"""What every secret has in common: it does not get out by accident.

Owns the behaviour of secret objects, must not know what any of them is for. A secret shows its class and
nothing else when it is printed, formatted or logged; it cannot be pickled, copied, hashed or ordered; it
compares in constant time; its bytes come out of :meth:`Secret.secret_bytes` alone. Printing hides instead of
raising, so that a log line or a debugger that meets a secret goes on working. Python promises no secure
memory, so none is promised here.
"""

import hmac
from typing import ClassVar, NoReturn, Self

from syncore.core.errors import IntegrityError, Misused


class Secret:
    """Secret bytes of a fixed size.

    Raises:
        Misused: made of something else than that many bytes.
    """

    __slots__ = ("_secret",)

    SIZE_BYTES: ClassVar[int]
    """How many bytes the secret is made of."""

    __hash__: ClassVar[None]  # type: ignore[assignment] # a hash table would compare and keep it carelessly

    def __init__(self, secret: bytes) -> None:
        if type(secret) is not bytes or len(secret) != self.SIZE_BYTES:
            raise Misused(f"{type(self).__name__} is made of {self.SIZE_BYTES} bytes")
        self._secret = secret

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """The secret that a keystore holds.

        Raises:
            IntegrityError: not as many bytes as :meth:`secret_bytes` gave.
        """
        if len(stored) != cls.SIZE_BYTES:
            raise IntegrityError(f"a stored {cls.__name__} has {len(stored)} bytes, not {cls.SIZE_BYTES}")
        return cls(stored)

    def secret_bytes(self) -> bytes:
        """The secret itself: for a keystore or a cipher, never for a message or a log."""
        return self._secret

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Secret)
        return hmac.compare_digest(self._secret, other._secret)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: secret>"

    def __format__(self, format_spec: str, /) -> str:
        return format(repr(self), format_spec)

    def __getstate__(self) -> NoReturn:
        # Everything that pickles or copies an object asks for this first.
        raise Misused(f"{type(self).__name__} is secret: it cannot be pickled or copied")
