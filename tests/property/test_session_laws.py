"""Laws of the session: back to back, in any interleaving, nothing is lost, doubled or reordered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from syncore.core.identifiers import Writer
from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    ItemsReceived,
    OwnUpload,
    RequestRefused,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.messages import SessionLimits
from syncore.protocol.receipts import Cursor, encode_receipt
from syncore.protocol.segments import Segment, SegmentHeader, hash_dependencies
from tests.protocol.builders import Space, device_key, invite
from tests.protocol.small_relay import SmallRelay, Wire

DEVICES = 3
LIMITS = SessionLimits(requests=3)


@dataclass
class Replica:
    """What a device keeps between connections."""

    device: int
    writer: Writer
    wire: Wire | None = None
    is_open: bool = False
    is_caught_up: bool = False
    cursor: Cursor | None = None
    receipt: bytes = b""
    log: list[bytes] = field(default_factory=list)
    """The item hashes received, in order."""
    control: list[bytes] = field(default_factory=list)
    """The links received, in order."""
    heads: dict[Writer, tuple[int, bytes]] = field(default_factory=dict)
    """Confirmed heads."""
    unsent: list[Segment] = field(default_factory=list)
    """Sealed segments that were not uploaded over this connection."""
    sent: dict[bytes, Segment] = field(default_factory=dict)
    """Sealed segments that were, without an answer."""
    last: Segment | None = None
    serial: int = 0

    @property
    def unacknowledged(self) -> set[bytes]:
        """Own segments that may or may not be in the relay's log."""
        return {segment.hash for segment in self.unsent} | set(self.sent)


class Interleaving(RuleBasedStateMachine):
    """Devices and a relay; frames are delivered in any interleaving, and connections break at any time."""

    @initialize()
    def begin(self) -> None:
        """Make a space with three writers, all of them connected and caught up."""
        self.space = Space(devices=DEVICES)
        self.relay = SmallRelay(self.space)
        self.replicas = [
            Replica(device=number, writer=self.space.writer(number)) for number in range(DEVICES)
        ]
        self.sealed: set[bytes] = set()
        self.invitations = 0
        for number, replica in enumerate(self.replicas):
            self.connect(number)
            self._settle(replica)

    # --- rules ---

    @rule(number=st.integers(0, DEVICES - 1))
    def connect(self, number: int) -> None:
        """A device connects anew; what was on the old wire is lost."""
        replica = self.replicas[number]
        self._drop(replica)
        replica.serial += 1
        replica.wire = Wire(
            self.relay, device_key(number), limits=LIMITS, serial=replica.serial * DEVICES + number
        )

    @rule(number=st.integers(0, DEVICES - 1))
    def disconnect(self, number: int) -> None:
        """A connection breaks."""
        self._drop(self.replicas[number])

    @rule(number=st.integers(0, DEVICES - 1), frames=st.integers(1, 4))
    def deliver_to_relay(self, number: int, frames: int) -> None:
        """The relay hears some frames."""
        wire = self.replicas[number].wire
        for _ in range(frames if wire else 0):
            assert wire is not None
            wire.step_relay()

    @rule(number=st.integers(0, DEVICES - 1), most_items=st.integers(1, 4))
    def stream(self, number: int, most_items: int) -> None:
        """The relay sends the next batch to a device."""
        wire = self.replicas[number].wire
        if wire is not None:
            self.relay.stream(wire.session, most_items=most_items)

    @rule(number=st.integers(0, DEVICES - 1), frames=st.integers(1, 4))
    def deliver_to_device(self, number: int, frames: int) -> None:
        """A device hears some frames."""
        replica = self.replicas[number]
        for _ in range(frames):
            if replica.wire is not None:
                self._hear(replica, replica.wire.step_client() or [])

    @rule(number=st.integers(0, DEVICES - 1), count=st.integers(1, 3), everything=st.booleans())
    def seal(self, number: int, count: int, everything: bool) -> None:  # noqa: FBT001
        """A device seals a segment on top of what it holds."""
        replica = self.replicas[number]
        header = _header(self.space, replica, count, others=everything)
        segment = self.space.seal(header)
        replica.last = segment
        replica.unsent.append(segment)
        self.sealed.add(segment.hash)

    @rule(number=st.integers(0, DEVICES - 1))
    def upload(self, number: int) -> None:
        """A device that has caught up uploads what it may."""
        self._upload(self.replicas[number])

    @rule(number=st.integers(0, DEVICES - 1), count=st.integers(1, 3), frames=st.integers(0, 3))
    def write(self, number: int, count: int, frames: int) -> None:
        """A device seals and uploads at once, and the relay may hear of it."""
        self.seal(number, count, everything=True)
        self._upload(self.replicas[number])
        self.deliver_to_relay(number, frames)

    @rule(number=st.integers(0, DEVICES - 1))
    def reconnect(self, number: int) -> None:
        """A connection breaks, and a new one gets as far as the answer to its open request."""
        self.connect(number)
        wire = self.replicas[number].wire
        assert wire is not None
        while not self.replicas[number].is_open:
            wire.step_relay()
            self._hear(self.replicas[number], wire.step_client() or [])

    @rule()
    def invite(self) -> None:
        """The relay accepts a control record that came another way."""
        self.invitations += 1
        self.space.accept(invite(f"extra {self.invitations}"))

    # --- laws ---

    @invariant()
    def every_device_holds_a_prefix_of_the_relays_log(self) -> None:
        """Nothing is skipped, doubled or reordered."""
        log = [digest for digest, _ in self.space.items]
        for replica in self.replicas:
            assert replica.log == log[: len(replica.log)]
            if replica.cursor is not None:
                assert replica.cursor == self.space.cursor(len(replica.log))

    @invariant()
    def what_is_acknowledged_is_in_the_log(self) -> None:
        """A device forgets a sealed segment only when the relay has it; the log holds nothing twice."""
        log = [digest for digest, _ in self.space.items]
        assert len(set(log)) == len(log)
        waiting: set[bytes] = set().union(*(replica.unacknowledged for replica in self.replicas))
        assert self.sealed - waiting <= set(log)

    def teardown(self) -> None:
        """However it went: after a quiet reconnection everybody holds everything."""
        for _ in range(2):
            for number, replica in enumerate(self.replicas):
                self.connect(number)
                self._settle(replica)
        for replica in self.replicas:
            assert replica.log == [digest for digest, _ in self.space.items]
            assert not replica.unacknowledged
        assert self.sealed <= {digest for digest, _ in self.space.items}

    # --- a small replica ---

    def _settle(self, replica: Replica) -> None:
        assert replica.wire is not None
        is_moving = True
        while is_moving:
            before = (len(replica.log), len(replica.unsent), len(replica.sent))
            for event in replica.wire.run(most_items=2):
                self._hear(replica, [event])
            self._upload(replica)
            after = (len(replica.log), len(replica.unsent), len(replica.sent))
            is_moving = before != after or bool(replica.wire.to_relay)

    def _drop(self, replica: Replica) -> None:
        replica.wire, replica.is_open, replica.is_caught_up = None, False, False
        replica.unsent = [*replica.sent.values(), *replica.unsent]
        replica.sent = {}

    def _hear(self, replica: Replica, events: Sequence[ClientEvent]) -> None:
        for event in events:
            assert not isinstance(event, RequestRefused | FaultReceived), event
            if isinstance(event, Connected):
                self._open(replica)
            elif isinstance(event, SpaceOpened):
                assert event.is_resumed == (replica.cursor is not None)
                replica.is_open, replica.is_caught_up = True, event.is_caught_up
            elif isinstance(event, UploadStored):
                self._acknowledge(replica, self.space.items[event.offset - 1][0])
            elif isinstance(event, ItemsReceived):
                self._receive(replica, event)

    def _open(self, replica: Replica) -> None:
        assert replica.wire is not None
        replica.wire.client.open_space(
            self.space.id,
            cursor=replica.cursor,
            receipt=replica.receipt,
            control_seq=max(len(replica.control) - 1, 0),
        )
        replica.wire.collect()

    def _receive(self, replica: Replica, event: ItemsReceived) -> None:
        for item in event.items:
            assert item.offset == len(replica.log) + 1
            replica.log.append(item.hash)
            segment = item.content
            if isinstance(segment, OwnUpload):
                segment = replica.sent[segment.hash]
            if isinstance(segment, AcceptedRecord):
                replica.control.append(segment.link)
            else:
                replica.heads[segment.header.writer] = (segment.header.last, segment.hash)
                self._acknowledge(replica, segment.hash)
        assert event.receipt is not None
        replica.cursor, replica.receipt = event.cursor, encode_receipt(event.receipt)
        replica.is_caught_up = event.is_caught_up

    def _acknowledge(self, replica: Replica, digest: bytes) -> None:
        replica.sent.pop(digest, None)
        replica.unsent = [segment for segment in replica.unsent if segment.hash != digest]

    def _upload(self, replica: Replica) -> None:
        wire = replica.wire
        if wire is None or not replica.is_caught_up:
            return
        while replica.unsent and wire.client.free_requests:
            segment = replica.unsent.pop(0)
            replica.sent[segment.hash] = segment
            wire.client.append_segment(segment)
        wire.collect()


def _header(space: Space, replica: Replica, count: int, *, others: bool) -> SegmentHeader:
    last = replica.last
    held = sorted(replica.heads.items()) if others else []
    named = [(writer, number, digest) for writer, (number, digest) in held if writer != replica.writer]
    return SegmentHeader(
        space=space.id,
        writer=replica.writer,
        first=last.header.last + 1 if last else 1,
        count=count,
        prev=last.hash if last else space.id,
        control_seq=len(replica.control) - 1,
        control_hash=replica.control[-1],
        epoch=1,
        dependencies=tuple((writer, number) for writer, number, _ in named),
        dependencies_hash=hash_dependencies(named),
    )


Interleaving.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestInterleaving = Interleaving.TestCase
