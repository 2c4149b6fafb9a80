"""One end of a connection: what a websocket library does there, with frames as the unit.

Owns the queue of unread frames, the keep-alive, the closing handshake, and how an end finds out that a
connection is broken. Must not know what frames say, nor which port a program sees
(:mod:`simulations.network.channels`).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from simulations.network.medium import EventKind, Fault
from simulations.network.path import Path
from simulations.network.settings import EndSettings
from simulations.network.stream import Packet, PacketKind, Stream
from syncore.core.errors import ConnectionFailed, Malformed

CLOSE_NORMAL = 1000
CLOSE_TOO_BIG = 1009
CLOSE_INTERNAL = 1011


class _State(Enum):
    OPEN = auto()
    CLOSING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class _Ending:
    """Why an end is over, as every later use of it is told."""

    message: str
    code: int | None = None
    kind: type[ConnectionFailed | Malformed] = ConnectionFailed

    def error(self) -> ConnectionFailed | Malformed:
        return self.kind(self.message) if self.code is None else self.kind(self.message, code=self.code)


class End:
    """One end; :func:`join` makes two.

    Attributes:
        max_frame_bytes: A longer frame that arrives ends the connection.
        peer: The other end.
    """

    outgoing: Stream
    incoming: Stream
    peer: "End"

    def __init__(
        self, settings: EndSettings, path: Path, number: int, forget: Callable[["End"], None]
    ) -> None:
        """An end at the source of ``path``; ``forget`` is called when it is over."""
        self.max_frame_bytes = settings.max_frame_bytes
        self._settings = settings
        self._path = path
        self._loop = path.medium.loop
        self._number = number
        self._forget = forget
        self._state = _State.OPEN
        self._ending = _Ending("the connection was closed")
        self._arrived: deque[Packet] = deque()
        self._unread: deque[bytes] = deque()
        self._readable = asyncio.Event()
        self._has_room = asyncio.Event()
        self._over = asyncio.Event()
        self._is_discarding = False
        self._is_resting = False
        self._is_gone = False
        self._ping_number = 0
        self._pinged_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def peer_name(self) -> str:
        """The other end's host."""
        return self._path.destination.name

    def begin(self) -> None:
        """Start the keep-alive; both streams are joined."""
        self._await(self._settings.ping_interval_s, self._ping)

    # --- what programs do ---

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the other end does not read.

        Raises:
            ConnectionFailed: the connection is over; while it is being closed, once that has ended.
        """
        while self._state is _State.OPEN and not self.outgoing.has_room(len(frame)):
            self._has_room.clear()
            await self._has_room.wait()
        if self._state is not _State.OPEN:
            await self._over.wait()
            raise self._ending.error()
        self.outgoing.send(Packet(PacketKind.FRAME, bytes(frame), is_counted=True))

    async def receive(self) -> bytes:
        """The next frame.

        Raises:
            ConnectionFailed: the connection is over, and everything that had come was received.
            Malformed: the next frame was longer than is allowed.
        """
        while not self._unread:
            if self._state is _State.OVER:
                raise self._ending.error()
            self._readable.clear()
            await self._readable.wait()
        frame = self._unread.popleft()
        self._pump()
        return frame

    async def close(self, code: int, *, is_discarding: bool = False) -> None:
        """Say goodbye, and wait for the other end's for a while. Idempotent, never raises.

        Args:
            code: Why (RFC 6455, 7.4).
            is_discarding: Do not queue any more what still comes, so that a full queue holds up nothing.
        """
        if is_discarding:
            self._is_discarding = True
            self._pump()
        if self._state is _State.OPEN:
            self._begin_closing(code, _Ending("the connection was closed"))
        await self._over.wait()
        self._unread.clear()  # as a closed websocket does: only the other side may still read

    def abort(self) -> None:
        """End at once; the other end is told by a reset, if that arrives. Idempotent."""
        if self._state is not _State.OVER:
            self.outgoing.end()
            self._end(_Ending("the connection was aborted"))
            self._send_reset()

    def vanish(self, *, is_silent: bool) -> None:
        """End with the program that held it: the other end is told by a reset, or by nothing at all."""
        self._is_gone = is_silent
        self.outgoing.end()
        self._unread.clear()
        self._end(_Ending("the program has ended"))
        if not is_silent:
            self._send_reset()

    # --- what streams tell ---

    def on_room(self) -> None:
        """The window has room."""
        self._has_room.set()

    def on_given_up(self) -> None:
        """What was sent got lost too often."""
        self.outgoing.end()
        self._end(_Ending("the connection broke: nothing arrives at the other side any more"))

    def on_packet(self, packet: Packet) -> None:
        """Something arrived."""
        if self._state is _State.OVER:
            if not self._is_gone:
                self._send_reset()
            return
        if packet.kind is PacketKind.FRAME:
            medium = self._path.medium
            medium.frames += 1
            medium.bytes += len(packet.frame)
            self._note(EventKind.FRAME, packet.frame)
        self._arrived.append(packet)
        self._pump()

    def on_reset(self) -> None:
        """The other end's system says that there is no such connection."""
        if self._state is _State.OVER or not self._path.source.is_alive:
            return
        self._path.count(Fault.RESET, self._number)
        self.outgoing.end()
        self._end(_Ending("the connection broke: it was reset"))

    # --- reading ---

    def _pump(self) -> None:
        """Take out what arrived, as long as there is room for it."""
        while self._arrived and self._state is not _State.OVER:
            if self._arrived[0].kind is PacketKind.FRAME and not self._may_take():
                return
            self._take(self._arrived.popleft())

    def _may_take(self) -> bool:
        if self._is_discarding:
            return True
        if self._is_resting or len(self._unread) >= self._settings.queue_frames:
            return False
        rate = self.incoming.path.weather.frames_per_second
        if rate is not None:
            self._is_resting = True
            self._loop.call_later(1 / rate, self._rest_no_more)
        return True

    def _rest_no_more(self) -> None:
        self._is_resting = False
        self._pump()

    def _take(self, packet: Packet) -> None:
        self.incoming.release(packet)
        match packet.kind:
            case PacketKind.FRAME:
                self._take_frame(packet.frame)
            case PacketKind.PING:
                self.outgoing.send(Packet(PacketKind.PONG, number=packet.number))
            case PacketKind.PONG:
                self._on_pong(packet.number)
            case PacketKind.CLOSE:
                self._on_close(packet.number)

    def _take_frame(self, frame: bytes) -> None:
        if self._is_discarding:
            return
        if len(frame) > self.max_frame_bytes:
            self._is_discarding = True
            message = f"a message is {len(frame)} bytes long; {self.max_frame_bytes} are allowed"
            self._begin_closing(CLOSE_TOO_BIG, _Ending(message, kind=Malformed))
            return
        self._unread.append(frame)
        self._readable.set()

    # --- the keep-alive ---

    def _ping(self) -> None:
        """Ask the other end for a sign of life; where everything gets through at once, without asking."""
        if self._is_obviously_alive():
            self._await(self._settings.ping_interval_s, self._ping)
            return
        self._ping_number += 1
        self._pinged_s = self._loop.time()
        self.outgoing.send(Packet(PacketKind.PING, number=self._ping_number))
        self._await(self._settings.ping_timeout_s, self._miss_pong)

    def _is_obviously_alive(self) -> bool:
        """Whether a ping would be answered within a moment: spares simulated months most of their events."""
        is_clear = self._path.is_clear and self.incoming.path.is_clear
        is_idle = self.outgoing.is_idle and self.incoming.is_idle
        return is_clear and is_idle and self.peer.is_attentive

    @property
    def is_attentive(self) -> bool:
        """Whether this end would answer a ping at once."""
        return self._state is _State.OPEN and not self._arrived

    def _on_pong(self, number: int) -> None:
        if self._state is _State.OPEN and number == self._ping_number:
            latency_s = self._loop.time() - self._pinged_s
            self._await(max(0.0, self._settings.ping_interval_s - latency_s), self._ping)

    def _miss_pong(self) -> None:
        self._path.count(Fault.KEEP_ALIVE, self._number)
        self._begin_closing(CLOSE_INTERNAL, _Ending("the connection broke: keepalive ping timeout"))

    def _await(self, pause_s: float, then: Callable[[], None]) -> None:
        """Have one timer, for whatever comes next."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause_s, then)

    # --- the end ---

    def _begin_closing(self, code: int, ending: _Ending) -> None:
        if self._state is not _State.OPEN:
            return
        self._state = _State.CLOSING
        self._ending = ending
        self._has_room.set()
        self.outgoing.send(Packet(PacketKind.CLOSE, number=code))
        self._await(self._settings.close_timeout_s, self.abort)

    def _on_close(self, code: int) -> None:
        """The other end says goodbye, or answers ours."""
        if self._state is _State.OPEN:
            self.outgoing.send(Packet(PacketKind.CLOSE, number=code))
            self._ending = _Ending(f"the other side closed the connection ({code})", code)
        self._end(self._ending)

    def _end(self, ending: _Ending) -> None:
        """Be over. What was chosen when the closing began stays the reason."""
        if self._state is _State.OVER:
            return
        if self._state is _State.OPEN:
            self._ending = ending
        self._state = _State.OVER
        if self._timer is not None:
            self._timer.cancel()
        self._arrived.clear()
        self._readable.set()
        self._has_room.set()
        self._over.set()
        self._forget(self)
        self._note(EventKind.BREAK, detail=self._ending.message)

    def _send_reset(self) -> None:
        """Tell the other end's system, once: a reset that is lost is not repeated."""
        if not self.outgoing.is_silent and self._path.carries(self._number):
            self._loop.call_later(self.outgoing.delay_s(), self.peer.on_reset)

    def _note(self, kind: EventKind, frame: bytes | None = None, detail: str = "") -> None:
        path = self.incoming.path if frame is not None else self._path
        path.medium.note(
            kind,
            connection=self._number,
            source=path.source.name,
            destination=path.destination.name,
            frame=frame,
            detail=detail,
        )


def join(near: End, far: End, *, there: Path, back: Path, number: int) -> None:
    """Make two ends one connection, and begin it."""
    near.peer, far.peer = far, near
    near.outgoing = far.incoming = Stream(there, number, sender=near, receiver=far)
    far.outgoing = near.incoming = Stream(back, number, sender=far, receiver=near)
    near.begin()
    far.begin()
