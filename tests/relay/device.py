"""What a device does in the relay's tests: a real websocket, a real client session, real keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from websockets.asyncio.client import ClientConnection, connect

from relay.config import RelayConfig
from relay.server import RelayServer
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.commits import Commit
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, DeviceIndex, Incarnation, SpaceId, Writer, make_writer
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.client_events import ClientEvent, Connected, ItemsReceived, RequestRefused, UploadStored
from syncore.protocol.client_session import ClientSession
from syncore.protocol.control_payloads import ANY_PRINCIPAL, Admit, Genesis, Invite, NameRelay, Role
from syncore.protocol.control_records import (
    BY_INVITATION,
    AcceptedRecord,
    ControlRecord,
    SignedRecord,
    accepted_genesis,
    sign_record,
)
from syncore.protocol.segments import Segment, SegmentHeader, SegmentPlain, hash_dependencies, seal_segment

E = TypeVar("E", bound=ClientEvent)
PATIENCE_SECONDS = 20
FAR_FUTURE_MS = 2**46


class PlainCipher:
    """Keeps bodies readable: the relay cannot tell."""

    def __init__(self, filling: bytes = b"") -> None:
        """Bodies are followed by ``filling``."""
        self._filling = filling

    def seal(self, _epoch: int, plain: bytes, _header: bytes) -> bytes:
        """A nonce's room, and the plain bytes."""
        return bytes(40) + plain + self._filling

    def open(self, _epoch: int, body: bytes, _header: bytes) -> bytes:
        """What was sealed."""
        return body[40:]


def key(name: str) -> SigningKey:
    """The key of somebody in the tests."""
    return SigningKey(name.encode().ljust(32, b"."))


def box(name: str) -> bytes:
    """Some box key: the relay does not use it."""
    return name.encode().rjust(32, b"-")


@dataclass
class TestSpace:
    """A space as its first device sees it: what it needs to make records and segments."""

    __test__ = False

    owner: SigningKey
    relay_key: bytes
    name: str = "space"
    links: list[bytes] = field(default_factory=list)
    heads: dict[Writer, tuple[int, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.genesis = accepted_genesis(
            sign_record(
                ControlRecord(
                    space=SpaceId(bytes(32)),
                    seq=0,
                    prev=bytes(32),
                    author=0,
                    payload=Genesis(
                        salt=self.name.encode().ljust(16, b"."),
                        signing_key=self.owner.public,
                        box_key=box("owner"),
                        principal=b"p" * 16,
                        commitment=bytes(32),
                    ),
                ),
                self.owner,
            )
        )
        self.id = self.genesis.signed.space
        self.links = [self.genesis.link]
        naming = NameRelay(relay_key=self.relay_key, addresses=("ws://127.0.0.1:1",))
        self.relay = self.record(naming)

    def record(self, payload: NameRelay | Invite) -> SignedRecord:
        """The next record by the owner."""
        record = ControlRecord(
            space=self.id, seq=len(self.links), prev=self.links[-1], author=0, payload=payload
        )
        return sign_record(record, self.owner)

    def invite(
        self,
        invitation: SigningKey,
        *,
        role: Role = Role.WRITER,
        uses: int = 1,
        expires_ms: int = FAR_FUTURE_MS,
    ) -> SignedRecord:
        """The next record: an invitation with the id made of its key."""
        return self.record(
            Invite(
                id=invitation.public[:16],
                signing_key=invitation.public,
                box_key=box("invitation"),
                role=role,
                uses=uses,
                expires_ms=expires_ms,
                principal=ANY_PRINCIPAL,
            )
        )

    def admit(self, invitation: SigningKey, device: SigningKey) -> SignedRecord:
        """The next record: a device accepts."""
        record = ControlRecord(
            space=self.id,
            seq=len(self.links),
            prev=self.links[-1],
            author=BY_INVITATION,
            payload=Admit(
                invitation_id=invitation.public[:16],
                signing_key=device.public,
                box_key=device.public[::-1],
                principal=device.public[:16],
            ),
        )
        return sign_record(record, invitation, device)

    def learn(self, record: AcceptedRecord) -> None:
        """Take in an accepted record."""
        assert record.record.seq == len(self.links)
        self.links.append(record.link)

    def segment(
        self,
        *,
        device: SigningKey | None = None,
        index: int = 0,
        commits: int = 1,
        filling: bytes = b"",
        dependencies: Sequence[Writer] = (),
        incarnation: int = 7,
    ) -> Segment:
        """The next segment of a writer, which counts as held from now on."""
        writer = make_writer(DeviceIndex(index), Incarnation(incarnation))
        number, prev = self.heads.get(writer, (0, self.id))
        named = sorted((other, *self.heads[other]) for other in dependencies)
        header = SegmentHeader(
            space=self.id,
            writer=writer,
            first=number + 1,
            count=commits,
            prev=prev,
            control_seq=len(self.links) - 1,
            control_hash=self.links[-1],
            epoch=1,
            dependencies=tuple((other, last) for other, last, _ in named),
            dependencies_hash=hash_dependencies(named),
        )
        plain = SegmentPlain(
            receipt=None,
            closed=(),
            commits=tuple(
                Commit(CommitId((number + n).to_bytes(8, "big")), HybridTime(1), ()) for n in range(commits)
            ),
        )
        segment = seal_segment(header, plain, cipher=PlainCipher(filling), signer=device or self.owner)
        self.heads[writer] = (header.last, segment.hash)
        return segment


class Device:
    """A connected client."""

    def __init__(self, websocket: ClientConnection, session: ClientSession) -> None:
        """Use :func:`connected`."""
        self.websocket = websocket
        self.session = session
        self._events: list[ClientEvent] = []

    async def flush(self) -> None:
        """Send what the session wants sent."""
        for frame in self.session.data_to_send():
            await self.websocket.send(frame)

    async def next_event(self) -> ClientEvent:
        """The next event."""
        await self.flush()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._events:
                frame = await self.websocket.recv()
                assert isinstance(frame, bytes)
                self._events += self.session.receive_data(frame)
                await self.flush()
        return self._events.pop(0)

    async def expect(self, kind: type[E]) -> E:
        """The next event, which is of this kind."""
        event = await self.next_event()
        assert isinstance(event, kind), event
        return event

    async def create(self, space: TestSpace) -> ItemsReceived:
        """Create a space and read its first two items."""
        self.session.create_space(space.genesis, space.relay)
        await self.next_event()
        items = await self.expect(ItemsReceived)
        named = items.items[1].content
        assert isinstance(named, AcceptedRecord)
        if len(space.links) == 1:
            space.learn(named)
        return items

    async def append(self, *segments: Segment) -> list[ClientEvent]:
        """Upload segments and wait until each is answered; the events on the way."""
        waiting = {self.session.append_segment(segment) for segment in segments}
        seen: list[ClientEvent] = []
        while waiting:
            event = await self.next_event()
            seen.append(event)
            if isinstance(event, ItemsReceived):
                waiting -= {item.request_id for item in event.items}
            elif isinstance(event, UploadStored | RequestRefused):
                waiting.discard(event.request_id)
        return seen

    async def offer(self, space: TestSpace, record: SignedRecord | AcceptedRecord) -> AcceptedRecord:
        """Offer a control record in an open space, and wait for its answer and for itself in the stream."""
        self.session.append_record(record)
        answered, accepted = False, None
        while not answered or accepted is None:
            event = await self.next_event()
            if isinstance(event, ItemsReceived):
                (item,) = event.items
                assert isinstance(item.content, AcceptedRecord)
                accepted = item.content
                space.learn(accepted)
            else:
                assert isinstance(event, UploadStored), event
                answered = True
        return accepted


def config_for(folder: Path, **changes: object) -> RelayConfig:
    """A relay on a free port."""
    return RelayConfig(store=folder, port=0, **changes)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running_relay(folder: Path, **changes: object) -> AsyncIterator[RelayServer]:
    """A relay in this process."""
    async with RelayServer.start(
        config_for(folder, **changes), clock=SystemClock(), entropy=SystemEntropy()
    ) as server:
        yield server


@contextlib.asynccontextmanager
async def connected(address: str, signer: SigningKey, **options: object) -> AsyncIterator[Device]:
    """A device whose handshake is done."""
    connection = connect(address, compression=None, max_size=2**23, **options)  # type: ignore[arg-type]
    async with connection as websocket:
        clock = SystemClock()
        session = ClientSession(
            signer=signer,
            nonce=SystemEntropy().random_bytes(32),
            verify=verify,
            now_ms=clock.monotonic_ms(),
        )
        device = Device(websocket, session)
        await device.expect(Connected)
        yield device
