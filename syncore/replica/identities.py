"""Fresh document ids: UUIDs of version 7 (RFC 9562), whose order is that of their making."""

from uuid import UUID

from syncore.core.ports import Clock, Entropy

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def fresh_id(clock: Clock, entropy: Entropy) -> str:
    """A new id: 48 bits of milliseconds, then 74 random bits."""
    random = int.from_bytes(entropy.random_bytes(10), "big")
    time_ms = clock.now_ms() & (1 << 48) - 1
    high = (random >> 62) & 0xFFF
    low = random & (1 << 62) - 1
    return str(UUID(int=time_ms << 80 | _VERSION_7 | high << 64 | _VARIANT | low))
