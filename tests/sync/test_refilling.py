"""A relay that lost data: whatever it lost and whoever comes first, it gets back all that anybody holds."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from pathlib import Path

import pytest

from syncore import SyncState
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles
from syncore.core.errors import RelayLostData
from syncore.core.identifiers import Incarnation, SpaceId, make_writer
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Append, Items, SessionLimits
from syncore.protocol.segments import (
    Segment,
    SegmentHeader,
    encode_header,
    hash_dependencies,
    segment_hash,
)
from syncore.replica.keystore import Keystore
from tests.sync.healing_world import World, newcomer, opened_offline
from tests.sync.memory_log import Log
from tests.sync.memory_relay import ADDRESS, message_of, relay_in_memory
from tests.sync.waiting import converged, synced, until, until_reason, until_state

Loss = Callable[[dict[SpaceId, Log]], dict[SpaceId, Log]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A relay in memory, and nobody yet."""
    async with relay_in_memory() as relay:
        world = World(tmp_path, relay)
        yield world
        for name in list(world.open):
            await world.stop(name)


# --- one loss ---------------------------------------------------------------------------------------------


LOSSES: dict[str, Loss] = {
    "everything": lambda _logs: {},
    "all but the beginning": lambda logs: {space: log.cut(2) for space, log in logs.items()},
    "who joined last": lambda logs: {space: log.cut(6) for space, log in logs.items()},
    "the last item": lambda logs: {space: log.cut(len(log.items) - 1) for space, log in logs.items()},
    "nothing but its name": lambda logs: {
        space: log.renewed(b"another name 16b") for space, log in logs.items()
    },
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("first", ["a", "b", "both"])
async def test_a_loss_is_healed_by_whoever_comes(world: World, loss: str, first: str) -> None:
    """Wiped, or restored from any older copy, the relay gets everything back from its owner, from a member
    or from both at once; what was pending goes out after it; everybody and a newcomer end up equal.
    """
    await world.found("a", "b")
    await world.edit("a", 3)
    await world.edit("b", 3)
    await world.converged()
    lost = LOSSES[loss](world.relay.backup())
    late = {"a": "b", "b": "a", "both": ""}[first]
    if late:
        await world.stop(late)
    await world.relay.restore(lost)
    await world.edit("a" if first == "both" else first, 2)
    await world.converged()
    assert world.space("a" if first == "both" else first).status().relay_losses == 1
    if late:
        await world.start(late)
        await world.edit(late)
    await world.check()
    for name in ("a", "b"):
        assert world.space(name).status().relay_losses == 1
    await world.stop("a")
    await world.start("a")
    assert world.space("a").status().relay_losses == 1


async def test_healing_is_shown_and_nothing_is_sealed_meanwhile(world: World) -> None:
    """While the relay gets things back the status says so, with a percentage, and new work waits."""
    await world.found("a")
    for _ in range(20):
        await world.edit("a")
        await world.converged()
    items = len(world.relay.log.items)
    world.relay.limits = SessionLimits(requests=1)
    seen: list[str] = []

    async def note() -> None:
        async for status in world.space("a").statuses():
            if not seen or seen[-1] != str(status):
                seen.append(str(status))

    noting = asyncio.ensure_future(note())
    await world.relay.restore({})
    await world.edit("a")
    await world.converged()
    await until(lambda: seen[-1] == "live")
    noting.cancel()
    states = [state for state, _ in groupby(line.split()[0].rstrip(",") for line in seen)]
    assert states == ["live", "offline", "connecting", "catching", "healing", "live"]
    percents = [int(line.split()[1]) for line in seen if line.startswith("healing")]
    assert percents == sorted(percents)
    assert len({*percents}) > 10
    assert any(line.startswith("healing") and "1 not yet sent" in line for line in seen)
    assert len(world.relay.log.items) == items + 1
    await world.check()


@pytest.mark.parametrize("after", range(12))
async def test_healing_goes_on_after_every_break(world: World, after: int) -> None:
    """Wherever the connection breaks or the program ends while it heals, the next one goes on from there."""
    await world.found("a", "b")
    for _ in range(8):
        await world.edit("a")
        await world.converged()
    await world.stop("b")
    world.relay.limits = SessionLimits(requests=1)
    sent = [0]

    def breaking(frame: bytes) -> tuple[bytes | None, ...]:
        sent[0] += 1
        return (None,) if sent[0] == after + 1 else (frame,)

    world.relay.tamper = breaking
    await world.relay.restore({})
    await until(lambda: sent[0] > after)
    await world.stop("a")
    await world.start("a")
    await world.edit("a")
    await world.converged()
    await world.start("b")
    await world.check()
    assert world.space("a").status().relay_losses == 1


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
async def test_a_relay_that_loses_its_disk_again_in_the_middle(world: World, turns: int) -> None:
    """Lost again after any number of turns of the loop while several heal it, it is whole in the end."""
    await world.found("a", "b", "c")
    for name in "abc":
        await world.edit(name, 3)
        await world.converged()
    half = {space: log.cut(9) for space, log in world.relay.backup().items()}
    await world.relay.restore({})
    await until(lambda: world.space("a").status().relay_losses == 1)
    for _ in range(turns):
        await asyncio.sleep(0)
    await world.relay.restore(half if turns % 2 else {})
    await world.edit("b")
    await world.check()
    assert world.space("a").status().relay_losses >= 1


async def test_two_healers_and_a_third_with_its_old_cursor(world: World) -> None:
    """Two refill a restored relay in different orders; a third that was away is shown that its log is another
    one, does the same, and sends what it had not sent.
    """
    await world.found("a", "b", "c")
    old = world.relay.backup()
    for name in "abcabc":
        await world.edit(name)
        await world.converged()
    await world.stop("c")
    async with opened_offline(world, "c") as offline:
        await offline.collection("notes").insert({"n": 0}, id="c-offline")
        world.edits += 1
    await world.relay.restore(old)
    await world.edit("a", 2)
    await world.edit("b", 2)
    await world.converged()
    await world.start("c")
    await world.check()
    assert world.space("c").status().relay_losses == 1


async def test_a_healer_that_has_less_than_the_relay(world: World) -> None:
    """Whoever holds less than a restored relay reads the rest from it before it gives anything back."""
    await world.found("a", "b")
    await world.stop("b")
    await world.edit("a", 4)
    await world.converged()
    old = world.relay.backup()
    await world.edit("a", 2)
    await world.converged()
    await world.stop("a")
    await world.relay.restore({space: log.renewed(b"another name 16b") for space, log in old.items()})
    await world.start("b")
    await synced(world.space("b"))
    assert len([note async for note in world.open["b"].collection("notes").find()]) == 5
    await world.start("a")
    await world.check()


async def test_a_replica_that_lost_data_with_the_relay(world: World) -> None:
    """A file and a relay that were both restored get back from another member what either had lost."""
    await world.found("a", "b")
    old = world.relay.backup()
    await world.stop("a")
    shutil.copy(world.folder / "a.db", world.folder / "copy.db")
    await world.start("a")
    await world.edit("a", 3)
    await world.edit("b", 3)
    await world.converged()
    await world.stop("a")
    await world.stop("b")
    shutil.copy(world.folder / "copy.db", world.folder / "a.db")
    await world.relay.restore(old)
    await world.start("a")
    await synced(world.space("a"))
    await world.edit("a")
    await synced(world.space("a"))
    await world.start("b")
    await world.check()


async def test_lost_members_are_waited_for(world: World) -> None:
    """Where file and relay have both lost records of membership, nothing is sent until another member gives
    them back; then all goes on by itself.
    """
    await world.found("a", "b")
    await world.stop("a")
    shutil.copy(world.folder / "a.db", world.folder / "copy.db")
    await world.start("a")
    await world.join("c")
    await world.converged()
    for name in "abc":
        await world.stop(name)
    shutil.copy(world.folder / "copy.db", world.folder / "a.db")
    await world.relay.restore({})
    await world.start("a")
    await world.edit("a")
    status = await until_reason(world.space("a"), "both lost")
    assert (status.state, status.unsent) == (SyncState.HEALING, 1)
    await world.start("b")
    await world.start("c")
    await world.check()


async def test_the_other_spaces_at_the_relay_go_on(world: World) -> None:
    """A loss of one space is healed beside others on the same connection."""
    await world.found("a")
    await world.edit("a")
    foreign = await world.start("x")
    own = await foreign.share(ADDRESS)
    await synced(own)
    joined = await world.open["a"].join(await own.invite(), default=False)
    await converged(own, joined)
    del world.relay.logs[SpaceId(bytes.fromhex(own.id))]
    await world.relay.hang_up()
    await own.collection("notes").insert({"n": 1})
    await converged(own, joined)
    assert (joined.status().relay_losses, world.space("a").status().relay_losses) == (1, 0)


async def test_a_closed_writer_stays_closed_for_newcomers(world: World) -> None:
    """What shows why a writer was closed goes back into the log, with all that came after it: who joins later
    closes the same writers at the same commits.
    """
    await world.found("a", "b")
    await world.stop("b")
    forged = forged_segments(world, 3)
    for segment in forged:
        world.relay.log.take_segment(segment)
    world.relay.wake()
    await until(lambda: world.space("a").status().closed_writers == 1)
    await world.relay.restore({})
    await until(lambda: world.space("a").status().relay_losses == 1)
    await world.edit("a")
    await synced(world.space("a"))
    assert {segment.hash for segment in forged} <= {digest for digest, _ in world.relay.log.items}
    await world.start("b")
    await world.check()
    async with newcomer(world) as new:
        await converged(new.space, world.space("a"))
        assert new.space.status().closed_writers == 1


async def test_evidence_that_no_honest_relay_takes_is_given_up(world: World) -> None:
    """What only a relay in league with its author took in does not keep an honest one from being healed."""
    await world.found("a", "b")
    await world.stop("b")
    for segment in forged_segments(world, 2, epoch=7):
        world.relay.log.take_segment(segment)
    world.relay.wake()
    await until(lambda: world.space("a").status().closed_writers == 1)
    await world.relay.restore({})
    await until(lambda: world.space("a").status().relay_losses == 1)
    await world.edit("a")
    await synced(world.space("a"))
    await world.start("b")
    await world.check()


def forged_segments(world: World, count: int, *, epoch: int = 1) -> list[Segment]:
    """Segments of member b, under another number of its own, whose bodies open under no key."""
    log = world.relay.log
    (folder,) = (world.folder / "keys-b").iterdir()
    device = Keystore(FileKeyFiles(folder), SystemEntropy()).device()
    assert device is not None
    index = log.control.index_of(device.signing.public)
    assert index is not None
    made: list[Segment] = []
    for number in range(1, count + 1):
        header = SegmentHeader(
            space=log.space,
            writer=make_writer(index, Incarnation(99)),
            first=number,
            count=1,
            prev=made[-1].hash if made else log.space,
            control_seq=log.control.head_seq,
            control_hash=log.control.head_link,
            epoch=epoch,
            dependencies=(),
            dependencies_hash=hash_dependencies([]),
        )
        header_bytes, body = encode_header(header), bytes(100)
        digest = segment_hash(header_bytes, body)
        signature = device.signing.sign("segment", digest)
        made.append(
            Segment(header=header, header_bytes=header_bytes, body=body, signature=signature, hash=digest)
        )
    return made


# --- what cannot be healed --------------------------------------------------------------------------------


async def test_a_fork_under_two_generations_is_said(world: World) -> None:
    """Where two copies of one file got into the log under one name, one before a loss and one after it, what
    does not fit is refused with a reason, and the file keeps everything.
    """
    await world.found("a", "b")
    old = world.relay.backup()
    await world.stop("a")
    shutil.copy(world.folder / "a.db", world.folder / "t.db")
    shutil.copytree(world.folder / "keys-a", world.folder / "keys-t")
    await world.start("a")
    await world.edit("a")
    await world.converged()
    await world.stop("b")
    await world.stop("a")
    await world.relay.restore(old)
    await world.start("t")
    await world.edit("t")
    await synced(world.space("t"))
    await world.start("a")
    status = await until_state(world.space("a"), SyncState.STOPPED)
    assert "something else" in status.reason
    await world.edit("a")
    with pytest.raises(RelayLostData, match="another file"):
        await synced(world.space("a"))
    assert len([note async for note in world.open["a"].collection("notes").find()]) == 3
    await world.stop("a")
    await world.start("a")
    await until_state(world.space("a"), SyncState.STOPPED)


async def test_a_relay_that_never_takes_things_back_does_not_turn_in_circles(world: World) -> None:
    """A relay that refuses what it lost is tried again after a pause, with its words in the status."""
    await world.found("a")
    await world.edit("a", 2)
    await world.converged()

    def losing(frame: bytes) -> tuple[bytes | None, ...]:
        message = message_of(frame)
        if isinstance(message, Items) and message.first_offset > 2:
            return (None,)
        return (frame,)

    await world.relay.restore({})
    world.relay.tamper = losing
    await until(lambda: world.space("a").status().relay_losses > 0)
    await until(lambda: world.relay.connections > 4)
    assert world.space("a").status().state is not SyncState.LIVE
    world.relay.tamper = lambda frame: (frame,)
    await world.check()


async def test_what_was_uploaded_is_uploaded_once(world: World) -> None:
    """A healer sends every item of a wiped log once, in an order that the relay can take."""
    await world.found("a", "b")
    await world.edit("a", 2)
    await world.edit("b", 2)
    await world.converged()
    await world.stop("b")
    items = len(world.relay.log.items)
    world.relay.received.clear()
    await world.relay.restore({})
    await until(lambda: world.space("a").status().relay_losses == 1)
    await synced(world.space("a"))
    appends = [encode_message(one) for one in world.relay.received if isinstance(one, Append)]
    assert len(appends) == items - 2
    assert len(world.relay.log.items) == items
