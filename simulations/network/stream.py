"""One direction of one connection: what is under way, in order, and what weather does to it.

Below the packets is a stream as TCP makes one: a lost transmission is repeated, what follows it waits until
it is there, and a sender waits while too much is under way or unread. (Acknowledgements cost nothing and
always arrive: where one direction is cut, the other one carries what fits into the window and more.)
Must not know what ends do with packets.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from simulations.network.medium import Fault
from simulations.network.path import Path
from simulations.network.settings import (
    FIRST_RETRANSMISSION_S,
    MAX_RETRANSMISSIONS,
    REORDERING_PATIENCE_S,
    WINDOW_BYTES,
    WINDOW_FRAMES,
)

_MAX_FLIPPED_BITS = 8


class PacketKind(Enum):
    """What a packet is to the end that gets it."""

    FRAME = auto()
    PING = auto()
    PONG = auto()
    CLOSE = auto()


@dataclass(slots=True, eq=False)
class Packet:
    """One thing under way.

    Attributes:
        frame: What a frame says; empty for other packets.
        number: Of a ping or its answer; the code of a close.
        is_counted: Whether it takes room in the window, as every frame does that a program sent.
    """

    kind: PacketKind
    frame: bytes = b""
    number: int = 0
    is_counted: bool = False
    transmissions: int = 0
    has_arrived: bool = False


class Sender(Protocol):
    """Who puts packets in."""

    def on_room(self) -> None:
        """There is room in the window again."""
        ...

    def on_given_up(self) -> None:
        """A packet was lost too often."""
        ...


class Receiver(Protocol):
    """Who gets packets out, and gives each counted one back with :meth:`Stream.release`."""

    def on_packet(self, packet: Packet) -> None:
        """The next packet is there."""
        ...


class Stream:
    """Carries packets from a sender to a receiver.

    Attributes:
        is_silent: Whether it swallows everything from now on.
    """

    def __init__(self, path: Path, connection: int, *, sender: Sender, receiver: Receiver) -> None:
        """Nothing is under way."""
        self.path = path
        self.is_silent = False
        self._connection = connection
        self._sender = sender
        self._receiver = receiver
        self._medium = path.medium
        self._place = self._medium.random.random()
        self._under_way: deque[Packet] = deque()
        self._held: Packet | None = None
        self._departs_s = 0.0
        self._window_frames = 0
        self._window_bytes = 0
        self._is_over = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way or unread in the receiver's system."""
        return not self._under_way and not self._window_frames and not self.is_silent

    def has_room(self, size_bytes: int) -> bool:
        """Whether a frame may be sent without waiting."""
        fits = self._window_frames < WINDOW_FRAMES and self._window_bytes + size_bytes <= WINDOW_BYTES
        return fits or not self._window_frames

    def send(self, packet: Packet) -> None:
        """Put a packet in, and do to it what the weather does."""
        if self._is_over:
            return
        if packet.is_counted:
            self._window_frames += 1
            self._window_bytes += len(packet.frame)
        if not self.is_silent and self._medium.happens(self.path.weather.half_open):
            self.fall_silent()
        if packet.kind is PacketKind.FRAME:
            self._send_frame(packet)
        else:
            self._release_held()
            self._put(packet)

    def release(self, packet: Packet) -> None:
        """A packet was taken out: its room in the window is free."""
        if packet.is_counted:
            self._window_frames -= 1
            self._window_bytes -= len(packet.frame)
            self._sender.on_room()

    def fall_silent(self) -> None:
        """Swallow everything from now on, as where a router on the way has forgotten the connection."""
        if not self.is_silent:
            self.is_silent = True
            self.path.count(Fault.HALF_OPEN, self._connection)

    def end(self) -> None:
        """Drop everything that has not left. Idempotent."""
        self._is_over = True
        self._under_way.clear()

    def delay_s(self) -> float:
        """How long something takes that is sent now, beside the stream."""
        return self.path.delay_s(self._place)

    # --- what somebody on the way does ---

    def _send_frame(self, packet: Packet) -> None:
        weather, medium = self.path.weather, self._medium
        if packet.frame and medium.happens(weather.corruption):
            packet.frame = self._corrupted(packet.frame)
            self.path.count(Fault.CORRUPTION, self._connection)
        if self._held is not None:
            self._put(packet)
            self.path.count(Fault.REORDERING, self._connection)
            self._release_held()
        elif medium.happens(weather.reordering):
            self._held = packet
            medium.loop.call_later(REORDERING_PATIENCE_S, self._release_held, packet)
        else:
            self._put(packet)
        if medium.happens(weather.duplication):
            self._put(Packet(PacketKind.FRAME, packet.frame))
            self.path.count(Fault.DUPLICATION, self._connection)

    def _release_held(self, only: Packet | None = None) -> None:
        """Send the frame that waits for another one to pass it, if it is (still) the one."""
        held = self._held
        if held is not None and only in {None, held}:
            self._held = None
            self._put(held)

    def _corrupted(self, frame: bytes) -> bytes:
        random = self._medium.random
        broken = bytearray(frame)
        for bit in random.sample(range(8 * len(frame)), k=random.randint(1, _MAX_FLIPPED_BITS)):
            broken[bit // 8] ^= 1 << bit % 8
        return bytes(broken)

    # --- the stream below ---

    def _put(self, packet: Packet) -> None:
        """Begin to send, behind what is still being sent."""
        if self._is_over:
            return
        loop, rate = self._medium.loop, self.path.weather.bytes_per_second
        self._under_way.append(packet)
        self._departs_s = max(loop.time(), self._departs_s) + (len(packet.frame) / rate if rate else 0.0)
        if self._departs_s > loop.time():
            loop.call_at(self._departs_s, self._transmit, packet)
        else:
            self._transmit(packet)

    def _transmit(self, packet: Packet) -> None:
        if self._is_over or self.is_silent:
            return
        loop = self._medium.loop
        packet.transmissions += 1
        if self.path.carries(self._connection):
            loop.call_later(self.path.delay_s(self._place), self._arrive, packet)
        elif packet.transmissions > MAX_RETRANSMISSIONS:
            self.path.count(Fault.GIVEN_UP, self._connection)
            self._sender.on_given_up()
        else:
            pause_s = FIRST_RETRANSMISSION_S * 2 ** (packet.transmissions - 1)
            loop.call_later(pause_s, self._transmit, packet)

    def _arrive(self, packet: Packet) -> None:
        if not self.path.destination.is_alive:
            return
        packet.has_arrived = True
        while self._under_way and self._under_way[0].has_arrived:
            self._receiver.on_packet(self._under_way.popleft())
