"""Presence as programs see it: show something of oneself to those who are here, and see what they show."""

from collections.abc import AsyncIterator, Callable

from syncore.codec.values import Value, encode_value
from syncore.core.arguments import check_number
from syncore.core.errors import Misused, TooLarge
from syncore.core.limits import MAX_PRESENCE_TTL_MS, MAX_PRESENCE_VALUE_BYTES, MIN_PRESENCE_TTL_MS
from syncore.engine.services import Services
from syncore.protocol.presence_table import Present

DEFAULT_TTL_S = 30.0
_S = 1_000


class Presence:
    """Who is here in a space now. Programs get it from :attr:`syncore.Space.presence`.

    Nothing of it is stored, here or at the relay. It works while the space is live.
    """

    def __init__(self, services: Services, number: Callable[[], int]) -> None:
        """Stand for the presence in the space with that local number."""
        self._services = services
        self._number = number

    async def set(self, value: Value, *, ttl: float = DEFAULT_TTL_S) -> None:
        """Show a value to everybody who is here, until it is set anew or cleared, or the replica is closed.

        It is sent as soon as the space is live, and again as long as it holds; this call does not wait for
        that. Values that are set faster than ten times a second are skipped in favour of the newest.

        Args:
            value: What a register may hold, of at most ``MAX_PRESENCE_VALUE_BYTES``.
            ttl: Seconds after which others forget it if this program dies or is cut off, 1 .. 300.

        Raises:
            InvalidValue: the value cannot be given back exactly.
            TooLarge: it takes too many bytes.
            Misused: ``ttl`` is out of range, the space is private, or the replica does not sync.
        """
        encoded = encode_value(value)
        if len(encoded) > MAX_PRESENCE_VALUE_BYTES:
            raise TooLarge(
                f"a presence value takes {len(encoded)} bytes; {MAX_PRESENCE_VALUE_BYTES} are allowed",
                hint="show where to look, and keep the content in a document",
            )
        check_number(ttl, "ttl")
        if not MIN_PRESENCE_TTL_MS <= ttl * _S <= MAX_PRESENCE_TTL_MS:  # which also refuses what is no number
            bounds = f"{MIN_PRESENCE_TTL_MS // _S} to {MAX_PRESENCE_TTL_MS // _S}"
            raise Misused(f"presence lasts {bounds} seconds, not {ttl!r}")
        self._services.presence(self._number()).show(encoded, int(ttl * _S))

    async def clear(self) -> None:
        """Show nothing any more; others are told at once.

        Raises:
            Misused: the space is private, or the replica does not sync.
        """
        self._services.presence(self._number()).clear()

    @property
    def others(self) -> tuple[Present, ...]:
        """Who is here now, without this replica, by device and session; empty while nobody can be seen.

        The first call begins to listen, so it cannot know anybody yet: :meth:`changes` waits for them.
        """
        if not self._services.can_sync(self._number()):
            return ()
        return self._services.presence(self._number()).others

    async def changes(self) -> AsyncIterator[tuple[Present, ...]]:
        """Who is here now, and again whenever somebody comes, shows something else or leaves.

        It ends when the replica is closed.

        Raises:
            Misused: the space is private, or the replica does not sync.
            Closed: the replica is closed already.
        """
        async for others in self._services.presence(self._number()).changes():
            yield others
