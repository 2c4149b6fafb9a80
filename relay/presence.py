"""Who hears whom: presence messages on their way from one connection to the others, and nowhere else.

Owns what waits for a connection that reads slowly: the newest message of each session, within a bound, so
that a slow reader loses presence and nothing else. Must not know sockets, or who may speak. Nothing is
stored, and nothing is left of a connection that ends.
"""

from collections.abc import Callable

from relay.config import MAX_WAITING_PRESENCE
from syncore.core.identifiers import SpaceId, Writer
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Shown
from syncore.protocol.presence import PresenceMessage

Name = tuple[SpaceId, Writer, bytes]
"""A session in a space: of two of its messages only the newer one is worth sending."""


class Ear:
    """What one connection is still to be told of others.

    Args:
        wake: Called when there is something to tell.
    """

    def __init__(self, wake: Callable[[], None], *, max_waiting: int = MAX_WAITING_PRESENCE) -> None:
        self._wake = wake
        self._max_waiting = max_waiting
        self._waiting: dict[Name, bytes] = {}

    def offer(self, name: Name, frame: bytes) -> bool:
        """Queue a frame in place of an older one of the same session; False if it displaced another's."""
        has_room = name in self._waiting or len(self._waiting) < self._max_waiting
        if not has_room:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[name] = frame
        self._wake()
        return has_room

    def take(self) -> tuple[SpaceId, bytes] | None:
        """The frame that waits longest, and its space; None when there is none."""
        if not self._waiting:
            return None
        name = next(iter(self._waiting))
        return name[0], self._waiting.pop(name)


class PresenceHall:
    """The ears of all connections, by the spaces that they listen to.

    Attributes:
        displaced: How many messages slow readers were not told, because newer ones of others came.
    """

    def __init__(self) -> None:
        """Nobody listens."""
        self.displaced = 0
        self._ears: dict[SpaceId, dict[Ear, None]] = {}

    @property
    def listening(self) -> int:
        """In how many spaces somebody listens."""
        return len(self._ears)

    def join(self, space: SpaceId, ear: Ear) -> None:
        """Let a connection hear what is shown in a space from now on. Idempotent."""
        self._ears.setdefault(space, {})[ear] = None

    def leave(self, space: SpaceId, ear: Ear) -> None:
        """Let it hear nothing more. Idempotent."""
        ears = self._ears.get(space, {})
        ears.pop(ear, None)
        if not ears:
            self._ears.pop(space, None)

    def show(self, message: PresenceMessage, speaker: Ear) -> None:
        """Hand a message to everybody who listens to its space, except to who showed it."""
        header = message.header
        others = [ear for ear in self._ears.get(header.space, {}) if ear is not speaker]
        if not others:
            return
        frame = encode_message(
            Shown(space=header.space, content=message.content, signature=message.signature)
        )
        name = (header.space, header.writer, header.session)
        for ear in others:
            self.displaced += not ear.offer(name, frame)
