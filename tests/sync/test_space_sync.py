"""One space on one connection: when it is live, what it sends and in which order, and what stops it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import (
    ConnectionFailed,
    IntegrityError,
    Misused,
    NotPermitted,
    Refused,
)
from syncore.core.identifiers import SpaceId
from syncore.crypto.keys import ContentKey
from syncore.protocol.client_events import RequestRefused, SpaceOpened
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment
from syncore.sync.space_sync import LOSSES
from syncore.sync.status import SyncState
from tests.replica.world import Device, ListConnection, ListRelay, make_world


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    """A device of a shared space that was never connected, with an edit to send."""
    _, (device,) = make_world(tmp_path, "space sync", 1)
    await device.open()
    await device.collection("notes").insert({"n": 1}, id="first")
    yield device
    await device.close()


class AttentiveConnection(ListConnection):
    """Notes how the device stood whenever a segment was sent."""

    def __init__(self, relay: ListRelay, device: Device) -> None:
        super().__init__(relay)
        self.device = device
        self.sent: list[bytes] = []
        self.guards: list[int] = []
        self.room = 100

    def append_segment(self, segment: Segment) -> int:
        """Note it, and take it."""
        guard = self.device.keystore.guard()
        assert guard is not None
        self.guards.append(guard.sealed)
        self.sent.append(segment.hash)
        self.has_room = len(self.sent) < self.room
        return super().append_segment(segment)


def opened(device: Device, outcome: OpenOutcome = OpenOutcome.FROM_START, *, offset: int = 0) -> SpaceOpened:
    """The relay's answer to the opening."""
    head = device.relay.cursor_at(len(device.relay.items))
    at = device.relay.cursor_at(offset)
    return SpaceOpened(request_id=1, space=device.relay.space, cursor=at, head=head, outcome=outcome)


def refusal(device: Device, code: RefusalCode) -> RequestRefused:
    """The relay's refusal of something."""
    return RequestRefused(
        request_id=1, space=device.relay.space, code=code, is_final=code.is_final, detail="just so"
    )


def connect(device: Device, connection: ListConnection) -> None:
    """Ask for the stream on a connection."""
    device.sync.open_on(connection)  # type: ignore[arg-type]  # stands for a RelayConnection


async def live(device: Device, connection: ListConnection) -> None:
    """Get as far as live on a connection."""
    connect(device, connection)
    await device.sync.on_opened(opened(device, OpenOutcome.RESUMED, offset=len(device.relay.items)))
    assert device.sync.progress.state is SyncState.LIVE


async def test_a_space_is_live_when_everything_is_in(device: Device) -> None:
    """It connects, catches up and is live, in this order; a broken connection makes it offline."""
    states = [device.sync.progress.state]
    device.sync.connecting()
    states.append(device.sync.progress.state)
    connection = ListConnection(device.relay)
    connect(device, connection)
    await device.sync.on_opened(opened(device))
    states.append(device.sync.progress.state)
    assert (connection.opened_at, device.sync.was_live, device.sync.progress.percent) == (None, False, 0)
    await device.pull(connection=connection)
    states.append(device.sync.progress.state)
    assert (device.sync.was_live, device.sync.progress.percent) == (True, 100)
    device.sync.disconnect()
    states.append(device.sync.progress.state)
    order = [
        SyncState.OFFLINE,
        SyncState.CONNECTING,
        SyncState.CATCHING_UP,
        SyncState.LIVE,
        SyncState.OFFLINE,
    ]
    assert states == order
    again = ListConnection(device.relay)
    connect(device, again)
    assert again.opened_at == device.relay.cursor_at(len(device.relay.items))


async def test_what_is_sealed_is_guarded_before_it_is_sent(device: Device) -> None:
    """Nothing leaves before the space is live; then the guard knows of a segment before the relay does."""
    connection = AttentiveConnection(device.relay, device)
    connect(device, connection)
    await device.sync.push()
    assert (connection.sent, device.state.sealed) == ([], [])
    await device.pull(connection=connection)
    await live(device, connection)
    await device.sync.push()
    assert (len(connection.sent), connection.guards) == (1, [1])
    await device.pull(connection=connection)
    assert device.state.pending_count == 0


async def test_a_segment_is_sent_once_a_connection_and_never_changes(device: Device) -> None:
    """What a connection has swallowed is not sent on it again; on the next one the same bytes go out."""
    await device.pull()
    deaf, hearing = (AttentiveConnection(device.relay, device) for _ in range(2))
    deaf.is_deaf = True
    await live(device, deaf)
    await device.sync.push()
    await device.sync.push()
    assert len(deaf.sent) == 1
    device.sync.disconnect()
    await device.sync.push()
    await live(device, hearing)
    await device.sync.push()
    assert hearing.sent == deaf.sent


async def test_segments_wait_for_room(device: Device) -> None:
    """Where the relay allows no more requests the rest stays sealed, and goes out in order when it does."""
    for number in range(4):
        await device.collection("notes").insert({"blob": bytes([number]) * 70_000})
    await device.pull()
    connection = AttentiveConnection(device.relay, device)
    connection.room = 2
    await live(device, connection)
    await device.sync.push()
    hashes = [row.hash for row in device.state.sealed]
    assert connection.sent == hashes[:2] != hashes
    connection.room, connection.has_room = 100, True
    await device.sync.push()
    assert connection.sent == hashes


@pytest.mark.parametrize("outcome", [one for one in OpenOutcome if one in LOSSES])
async def test_a_relay_that_lost_data_gets_nothing_new(device: Device, outcome: OpenOutcome) -> None:
    """Until a relay has back what it lost nothing is sealed; the log that it has is read from its start."""
    await device.pull()
    connection = AttentiveConnection(device.relay, device)
    connect(device, connection)
    await device.sync.on_opened(opened(device, outcome))
    await device.sync.push()
    assert (connection.sent, device.state.sealed) == ([], [])
    assert (device.sync.progress.state, device.state.row.relay_losses) == (SyncState.HEALING, 1)
    await device.pull(connection=connection)
    assert device.sync.progress.state is SyncState.LIVE


@pytest.mark.parametrize("code", list(RefusalCode))
async def test_refusals_are_told_apart(device: Device, code: RefusalCode) -> None:
    """Who denies what it has opened, or that a number is ours, is asked again; the rest is Refused."""
    if code in {RefusalCode.FORK, RefusalCode.UNKNOWN_SPACE, RefusalCode.NOT_MEMBER}:
        with pytest.raises(ConnectionFailed, match="just so"):
            await device.sync.on_refused(refusal(device, code))
    else:
        with pytest.raises(Refused, match="just so") as caught:
            await device.sync.on_refused(refusal(device, code))
        assert (caught.value.code, caught.value.is_final) == (code.value, code.is_final)


async def test_who_is_no_member_is_not_live(device: Device, tmp_path: Path) -> None:
    """A device that the control log does not name ends there, and its refusal is no loss of the relay's."""
    name, keys = "stranger", device.keys
    stranger = Device(device.relay, tmp_path / "stranger.db", keys, device.content_key, name, index=7)
    await stranger.open()
    with pytest.raises(NotPermitted, match="not a member"):
        await stranger.pull()
    assert stranger.sync.progress.state is not SyncState.LIVE
    with pytest.raises(Refused):
        await stranger.sync.on_refused(refusal(stranger, RefusalCode.NOT_MEMBER))
    await stranger.close()


async def test_without_the_right_keys_nothing_begins(device: Device) -> None:
    """A keystore without device keys, without the space's key, or with another one ends the opening."""
    files, space = MemoryKeyFiles(), SpaceId(device.relay.space)
    device.files = files
    for failure, secret in ((NotPermitted, None), (NotPermitted, "device"), (IntegrityError, "content")):
        if secret == "device":
            files.write("device", device.keys.secret_bytes())
        await device.reopen()
        if secret == "content":
            device.keystore.add_content_key(space, 1, ContentKey(bytes(32)))
        connection = ListConnection(device.relay)
        with pytest.raises(failure):
            connect(device, connection)
        assert connection.opened_at is None


async def test_a_stopped_space_stays_stopped(device: Device) -> None:
    """What stopped it is kept, also when its connection ends afterwards."""
    failure = Misused("of all things")
    device.sync.stop(failure)
    device.sync.disconnect()
    assert (device.sync.progress.state, device.sync.progress.failure) == (SyncState.STOPPED, failure)
