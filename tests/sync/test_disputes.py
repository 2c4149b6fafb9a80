"""A relay that shows different logs to different members: found out by their receipts, and healed or stopped.

Two relays in memory with one key stand for one relay that was split, restored or is dishonest.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncore import Replica, Space, SyncState
from syncore.core.errors import DishonestRelay
from syncore.core.ports import FrameChannel
from syncore.protocol.items import SegmentItem
from syncore.protocol.messages import Open
from syncore.protocol.receipts import decode_receipt
from tests.sync.memory_relay import ADDRESS, MemoryRelay, relay_in_memory
from tests.sync.waiting import converged, synced, until, until_state


class Switch:
    """A connector that leads to one relay or another, as a test sets it."""

    def __init__(self, relay: MemoryRelay) -> None:
        self.relay = relay

    async def connect(self, address: str) -> FrameChannel:
        """Connect to whichever it is now."""
        return await self.relay.connect(address)

    async def turn(self, relay: MemoryRelay) -> None:
        """Lead to another relay from now on."""
        previous, self.relay = self.relay, relay
        await previous.hang_up()


@dataclass
class Split:
    """One space, two logs of it under one generation and one key, a member at each."""

    folder: Path
    first: MemoryRelay
    second: MemoryRelay
    one: Replica
    two: Replica
    switch_one: Switch
    switch_two: Switch

    async def diverge(self) -> None:
        """Both members write, each into another log."""
        for number in range(3):
            for name, replica in (("one", self.one), ("two", self.two)):
                await replica.collection("notes").insert({"n": number}, id=f"{name}{number}")
                await synced(replica.space)

    def carry_over(self) -> None:
        """What the second member wrote gets into the first log, as if somebody had brought it there."""
        log = self.first.log
        for _, item in self.second.log.items:
            if isinstance(item, SegmentItem) and item not in [held for _, held in log.items]:
                log.take_item(item)
        self.first.wake()

    async def notes(self, replica: Replica) -> set[str]:
        """What a member sees."""
        return {note.id async for note in replica.collection("notes").find()}


ALL = {f"{name}{number}" for name in ("one", "two") for number in range(3)}


def twin(relay: MemoryRelay, name: str) -> MemoryRelay:
    """Another relay with the same key, the same logs, and names of its own for generations."""
    other = MemoryRelay(name)
    other.signer = relay.signer
    other.logs = relay.backup()
    return other


@pytest.fixture
async def split(tmp_path: Path) -> AsyncIterator[Split]:
    """A space whose members are at two relays that pretend to be one."""
    async with relay_in_memory("first") as first, AsyncExitStack() as stack:
        switches = Switch(first), Switch(first)
        one, two = [
            await stack.enter_async_context(
                Replica.open(tmp_path / f"{name}.db", keystore=tmp_path / name, connector=switch)
            )
            for name, switch in zip(("one", "two"), switches, strict=True)
        ]
        space = await one.share(ADDRESS)
        joined = await two.join(await space.invite())
        await converged(space, joined)
        second = twin(first, "second")
        stack.push_async_callback(second.close)
        await switches[1].turn(second)
        split = Split(tmp_path, first, second, one, two, *switches)
        await split.diverge()
        yield split


async def until_caught_out(space: Space) -> DishonestRelay:
    """The error of a space that stops because of its relay."""
    await until_state(space, SyncState.STOPPED)
    with pytest.raises(DishonestRelay) as caught:
        await synced(space)
    return caught.value


async def test_a_fork_of_the_log_is_found_by_one_segment_that_crosses(split: Split) -> None:
    """The receipt in another member's segment contradicts the log; shown to an honest relay it begins a new
    generation, in which both sides are healed.
    """
    generation = split.first.log.generation
    split.carry_over()
    await until(lambda: split.one.space.status().relay_losses == 1)
    await synced(split.one.space)
    assert split.first.log.generation != generation
    assert await split.notes(split.one) == ALL
    shown = [one.receipt for one in split.first.received if isinstance(one, Open) and one.receipt]
    receipts = {decode_receipt(one).receipt.running_hash for one in shown}
    assert receipts & set(split.second.log.running[5:])
    await split.switch_two.turn(split.first)
    await converged(split.one.space, split.two.space)
    assert await split.notes(split.two) == ALL


async def test_a_member_that_comes_over_heals_the_fork_itself(split: Split) -> None:
    """With its own receipt a member proves that the log which it is shown now is another one."""
    await split.switch_two.turn(split.first)
    await until(lambda: split.two.space.status().relay_losses == 1)
    await converged(split.one.space, split.two.space)
    assert await split.notes(split.one) == await split.notes(split.two) == ALL
    assert split.one.space.status().relay_losses == 1


async def test_a_relay_that_denies_its_signature_is_stopped(split: Split) -> None:
    """Shown its own receipt over another log, a relay that goes on as before is not trusted any more: not now
    and not after a restart; both receipts are kept as proof, and what is written stays here.
    """
    split.first.is_honest = False
    split.carry_over()
    error = await until_caught_out(split.one.space)
    proof = [
        decode_receipt(bytes.fromhex(str(error.details[key]))) for key in ("shown_receipt", "own_receipt")
    ]
    assert proof[0].receipt.generation == proof[1].receipt.generation
    assert proof[0].receipt.running_hash in split.second.log.running
    assert proof[1].receipt.running_hash in split.first.log.running
    assert await split.notes(split.one) == ALL
    held = len(split.first.log.items)
    await split.one.collection("notes").insert({"n": 9}, id="later")
    await split.one.close()
    async with Replica.open(
        split.folder / "one.db", keystore=split.folder / "one", connector=split.switch_one
    ) as again:
        assert again.space.status().state is SyncState.STOPPED
        assert "denies its signature" in again.space.status().reason
        await until_caught_out(again.space)
        assert again.space.status().unsent == 1
    assert len(split.first.log.items) == held


async def test_a_dispute_outlives_the_program(split: Split) -> None:
    """Closed before it could ask, a replica asks when it is opened again."""
    split.first.is_down = True
    split.carry_over()
    await until(lambda: split.one.space.status().state is not SyncState.LIVE)
    await split.one.close()
    split.first.is_down = False
    async with Replica.open(
        split.folder / "one.db", keystore=split.folder / "one", connector=split.switch_one
    ) as again:
        await until(lambda: again.space.status().relay_losses == 1)
        await synced(again.space)
        assert await split.notes(again) == ALL


async def test_receipts_of_a_log_that_ended_are_counted(split: Split) -> None:
    """After the new generation receipts of the old one tell nothing new; the status counts them."""
    await split.switch_two.turn(split.first)
    await converged(split.one.space, split.two.space)
    assert split.one.space.status().contradictions > 0
    assert split.one.space.status().state is SyncState.LIVE


async def test_an_honest_relay_that_was_put_back_is_no_liar(split: Split) -> None:
    """Where the log that another member was shown is the relay's again, the log is read anew, and nobody is
    accused.
    """
    await split.first.restore(split.second.backup())
    await until(lambda: split.one.space.status().relay_losses == 1)
    await synced(split.one.space)
    await split.switch_two.turn(split.first)
    await converged(split.one.space, split.two.space)
    assert await split.notes(split.two) == ALL
