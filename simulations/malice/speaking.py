"""Where a relay speaks to its clients: everything that it says goes through here, so that it can lie.

A lie begins for one device, goes on over its connections, and ends with them.
"""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Final

from relay.channel import ClientChannel
from simulations.malice.lies import Lie, Telling
from simulations.malice.told_log import Receipts, ToldLog
from syncore.core.errors import Malformed
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.protocol.items import SegmentItem, read_segment
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Append, Items, Message, Open, Opened
from syncore.protocol.ports import Signer

PATIENCE_S: Final = 8.0
"""What was said so long ago has arrived, and who heard that it is absurd has hung up."""


@dataclass(slots=True, kw_only=True, eq=False)
class Liar:
    """A lie to one device, for a while.

    Attributes:
        victim: The device's host.
        lie: What becomes of messages.
        draw: Decides everything else.
        signer: The relay's key.
        is_deaf: Whether it swallows what the device uploads.
        feigns: Whether it acknowledges what it has swallowed.
        is_believed: Whether the device went on listening to what contradicts itself.
        logs: What was told over each connection.
    """

    victim: str
    lie: Lie
    draw: Random
    signer: Signer
    is_deaf: bool = False
    feigns: bool = False
    is_believed: bool = False
    logs: list[ToldLog] = field(default_factory=list)

    @property
    def is_caught(self) -> bool:
        """Whether something was told that cannot go unnoticed."""
        return any(log.is_caught for log in self.logs)

    def begin(self) -> Telling:
        """Tell it over one more connection."""
        log = ToldLog(
            receipts=self.draw.choice([*Receipts]),
            is_renumbered=self.draw.random() < 0.7,
            signer=self.signer,
        )
        self.logs.append(log)
        return Telling(draw=self.draw, log=log)


class Speech:
    """Everything that a relay says.

    Attributes:
        liars: Who lies at present, to which host.
    """

    def __init__(self) -> None:
        """Speak the truth."""
        self.liars: dict[str, Liar] = {}
        self._channels: dict[SpokenChannel, None] = {}

    def channel(self, channel: ClientChannel) -> "SpokenChannel":
        """A client's channel, for the relay to speak through."""
        liar = self.liars.get(channel.peer)
        return SpokenChannel(channel, liar)

    def joined(self, channel: "SpokenChannel") -> None:
        """A client has come."""
        self._channels[channel] = None

    def left(self, channel: "SpokenChannel") -> None:
        """A client has gone."""
        self._channels.pop(channel, None)

    def cut_off(self, host: str) -> None:
        """End the connections of a host."""
        for channel in tuple(self._channels):
            if channel.peer == host:
                channel.note_listener()
                channel.abort()


class SpokenChannel:
    """``ClientChannel`` on which a relay may lie, from its beginning to its end."""

    def __init__(self, channel: ClientChannel, liar: Liar | None) -> None:
        """Speak over a channel."""
        self._channel = channel
        self._liar = liar
        self._telling = None if liar is None else liar.begin()
        self._space: SpaceId | None = None
        self._absurd_since_s: float | None = None

    @property
    def peer(self) -> str:
        """The client's host."""
        return self._channel.peer

    async def receive(self) -> bytes:
        """The client's next frame that the relay wants to have heard."""
        while True:
            frame = await self._channel.receive()
            if self._liar is None or self._telling is None:
                return frame
            swallowed = self._swallowed(frame, self._liar, self._telling)
            if swallowed is None:
                return frame
            if self._liar.feigns and isinstance(swallowed.item, SegmentItem):
                upload = read_segment(swallowed.item).hash
                stored = self._telling.log.acknowledge(swallowed.space, upload)
                if stored is not None:
                    await self._channel.send(encode_message(stored))

    async def send(self, frame: bytes) -> None:
        """Send one frame, or whatever is told in its place."""
        if self._telling is None:
            await self._channel.send(frame)
            return
        self.note_listener()
        for message in self._told(decode_message(frame, MAX_FRAME_BYTES)):
            await self._channel.send(encode_message(message))
        self.note_listener()

    def note_listener(self) -> None:
        """The client is there: note whether it was told an absurdity so long ago that it has heard it."""
        if self._liar is None or self._telling is None or not self._telling.log.is_absurd:
            return
        now_s = asyncio.get_running_loop().time()
        if self._absurd_since_s is None:
            self._absurd_since_s = now_s
        elif now_s - self._absurd_since_s > PATIENCE_S:
            self._liar.is_believed = True

    def raise_frame_limit(self) -> None:
        """Let the client send whole batches."""
        self._channel.raise_frame_limit()

    async def close(self, code: int) -> None:
        """Close politely."""
        await self._channel.close(code)

    def abort(self) -> None:
        """End the connection at once."""
        self._channel.abort()

    def _swallowed(self, frame: bytes, liar: Liar, telling: Telling) -> Append | None:
        """The upload that the relay does not want to have heard; None where it hears."""
        try:
            message = decode_message(frame, MAX_FRAME_BYTES)
        except Malformed:
            return None  # the relay will say what it thinks of it
        if isinstance(message, Open):
            telling.log.asked(message.cursor)
        return message if liar.is_deaf and isinstance(message, Append) else None

    def _told(self, message: Message) -> list[Message]:
        assert self._liar is not None
        assert self._telling is not None
        if isinstance(message, Opened):
            self._space = message.space
            self._telling.log.opened(message, message.space)
        if isinstance(message, Items) and message.space != self._space:
            return [message]
        return self._liar.lie(self._telling, message)
