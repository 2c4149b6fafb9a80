"""Facts for the command line: who this device is in a space, whether it may write, and what was set aside."""

import shutil
from pathlib import Path

from syncore import Replica
from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.cli.facts import Membership, can_write, membership, set_aside_reasons
from syncore.core.ports import SqlConnection
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.replica.rebasing import set_aside
from syncore.replica.space_state import SpaceState
from syncore.storage.pending_rows import PendingRows
from tests.replica.world import open_inline
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at
from tests.sync.waiting import synced


async def test_a_device_is_known_by_its_key_and_role(tmp_path: Path) -> None:
    """Owner and guest each see themselves among the same devices; a private space has no members."""
    async with (
        relay_in_memory() as relay,
        replica_at(relay, tmp_path, "a") as owner,
        replica_at(relay, tmp_path, "b") as guest,
    ):
        assert membership(owner.space) is None
        space = await owner.share(ADDRESS)
        joined = await guest.join(await space.invite(role="reader"))
        await synced(space, joined)
        control = relay.log.control
        keys = [control.devices[index].signing_key.hex() for index in sorted(control.devices)]
        assert membership(space) == Membership(device_key=keys[0], role="owner", devices=2)
        assert membership(joined) == Membership(device_key=keys[1], role="reader", devices=2)


async def test_a_device_that_has_not_seen_its_admission_is_nobody_yet(tmp_path: Path) -> None:
    """Without syncing, a joiner holds the log as the invitation showed it: without itself."""
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as owner:
        space = await owner.share(ADDRESS)
        opening = Replica.open(tmp_path / "b.db", keystore=tmp_path / "b", connector=relay, sync=False)
        async with opening as guest:
            joined = await guest.join(await space.invite())
            assert membership(joined) == Membership(device_key=None, role=None, devices=1)


async def test_a_replica_is_written_only_with_its_keys(tmp_path: Path) -> None:
    """Private and shared replicas can be written; opened read-only or without their keystore they cannot."""
    async with relay_in_memory() as relay:
        async with replica_at(relay, tmp_path, "a") as replica:
            assert can_write(replica)
            await synced(await replica.share(ADDRESS))
            assert can_write(replica)
        async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys-a", read_only=True) as replica:
            assert not can_write(replica)
        shutil.rmtree(tmp_path / "keys-a")
        async with replica_at(relay, tmp_path, "a") as replica:
            assert not can_write(replica)


async def test_what_was_set_aside_is_told_with_its_reason(tmp_path: Path) -> None:
    """The reason of every transaction that could not be sent is there; at first there is none."""
    path = tmp_path / "a.db"
    async with relay_in_memory() as relay:
        opening = Replica.open(path, keystore=tmp_path / "keys", connector=relay, sync=False)
        async with opening as replica:
            space = await replica.share(ADDRESS)
            for number in range(4):
                await space.collection("notes").insert({"n": number})
            assert await set_aside_reasons(space) == []
    local = await LocalReplica.open(await open_inline(path), SystemClock(), SystemEntropy())
    for reason in ("the first reason", "the second reason", "the third reason"):

        def refuse(sql: SqlConnection, state: SpaceState, work: DocumentWork, reason: str = reason) -> None:
            row = PendingRows(sql, state.number).all()[0]
            set_aside(sql=sql, state=state, work=work, id_=row.id, reason=reason)

        await local.change(local.default_space.number, refuse, is_local=True)
    await local.close()
    async with Replica.open(path, keystore=tmp_path / "keys", read_only=True) as replica:
        found = await set_aside_reasons(replica.space)
        assert found == ["the first reason", "the second reason", "the third reason"]
        assert len([note async for note in replica.collection("notes").find()]) == 1
