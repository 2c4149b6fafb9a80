"""What the death of a machine leaves of its database, and how it lives with a bad disk.

What it has in common with every driver is in ``tests/conformance/test_database.py``.
"""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.schema import APPLICATION_ID as STORE_ID
from relay.schema import FORMAT_VERSION, SCHEMA
from relay.store import Store
from simulations.disk.database import SimulatedDatabase, open_simulated_database, open_simulated_store
from simulations.disk.disk import FAILED_READ, FAILED_SYNC, FULL, Disk
from simulations.disk.power_cut import LOST_WRITE, TORN_WRITE
from syncore.core.errors import DiskFull, Locked, NewerFormat, NotAReplica, StorageError
from syncore.core.identifiers import SpaceId
from syncore.core.ports import Durability
from tests.simulations.disk.deaths import (
    APPLICATION_ID,
    NAME,
    Death,
    Ledger,
    found_after,
    insertion,
    live,
    numbers,
    open_on,
)

NORMAL, FULLY = Durability.NORMAL, Durability.FULL
PLAN = (NORMAL, NORMAL, FULLY, NORMAL, NORMAL, NORMAL, FULLY, NORMAL, FULLY, NORMAL, NORMAL, NORMAL)


async def life(disk: Disk, ledger: Ledger, operation: int, random: Random | None) -> Disk:
    """Commit according to plan until death before an operation; the disk that is left."""
    ledger.death = death = Death(disk, operation, random=random)
    await live(disk, ledger, PLAN)
    return death.next_disk()


async def operations_of_one_life() -> int:
    """How many operations a life has that nobody ends."""
    disk = Disk()
    await live(disk, Ledger(), PLAN)
    return disk.operations.total()


@pytest.mark.parametrize("seed", range(3))
async def test_a_power_cut_at_any_operation_keeps_a_beginning_with_all_full_commits(seed: int) -> None:
    """Whatever operation the power fails at, the file opens, SQLite finds it sound, and it holds the first
    transactions up to the last FULL one at least.
    """
    torn = lost = kept_normal = 0
    for operation in range(await operations_of_one_life() + 1):
        ledger = Ledger()
        disk = await life(Disk(), ledger, operation, Random(f"{seed}/{operation}"))
        found = await found_after(disk)
        assert ledger.durable <= found <= ledger.begun
        torn += disk.faults[TORN_WRITE]
        lost += disk.faults[LOST_WRITE]
        kept_normal += found > ledger.durable
    assert torn > 10, "no write was torn"
    assert lost > 100, "no write was lost"
    assert kept_normal, "nothing survived that was not synced"


async def test_a_kill_at_any_operation_keeps_every_reported_commit() -> None:
    """Whatever operation the process dies at, every commit that was reported is there, synced or not."""
    for operation in range(await operations_of_one_life() + 1):
        ledger = Ledger()
        disk = await life(Disk(), ledger, operation, None)
        found = await found_after(disk)
        assert ledger.reported <= found <= ledger.begun


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 150), st.none() | st.integers(0, 2**32)), min_size=1, max_size=6),
)
def test_many_lives_and_deaths_in_a_row_lose_nothing(deaths: list[tuple[int, int | None]]) -> None:
    """Kills and power cuts in any order, also while the file recovers from the one before, keep the same
    promise.
    """

    async def all_lives() -> None:
        disk, ledger = Disk(), Ledger()
        for operation, seed in deaths:
            disk = await life(disk, ledger, operation, None if seed is None else Random(seed))
            # Looking would finish the recovery, so that is done on a twin.
            found = await found_after(disk.after_kill())
            assert (ledger.reported if seed is None else ledger.durable) <= found <= ledger.begun
            ledger.reported = ledger.begun = found
            if seed is not None:  # what a power cut has left lies on the disk
                ledger.durable = found

    asyncio.run(all_lives())


async def test_the_same_random_gives_the_same_disk() -> None:
    """Two machines that do the same and die by the same dice leave the same bytes."""

    async def left(seed: int) -> dict[str, bytes]:
        disk = await life(Disk(), Ledger(), 70, Random(seed))
        return {name: disk.content(name) for name in disk.names}

    assert await left(1) == await left(1)
    assert await left(1) != await left(2)


async def test_a_zombie_works_and_closes() -> None:
    """After the death of its machine a database goes on as if nothing had happened, on a disk of its own."""
    disk = Disk()
    database = await open_on(disk)
    survivor = disk.after_power_cut(Random(1))
    await database.write(lambda sql: sql.execute("CREATE TABLE item (number, body)"), FULLY)
    disk.capacity_bytes = 0
    disk.fail_reads = disk.fail_syncs = lambda _: True
    await database.close()
    assert await found_after(survivor) == 0


# --- a bad disk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("durability", list(Durability))
async def test_a_full_disk_refuses_the_write_and_takes_others_when_there_is_room(
    durability: Durability,
) -> None:
    """For whatever room is left a write succeeds or raises DiskFull and leaves nothing, and the database goes
    on when there is room again.
    """
    disk = Disk()
    ledger = Ledger()
    await live(disk, ledger, PLAN[:3])
    database = await open_on(disk)
    number = refused = 3
    for room_bytes in range(0, 40_000, 700):
        disk.capacity_bytes = disk.used_bytes + room_bytes
        try:
            await database.write(insertion(number + 1), durability)
        except DiskFull:
            refused += 1
        else:
            number += 1
        assert await numbers(database) == list(range(1, number + 1))
    assert number > 5
    assert refused > 5
    disk.capacity_bytes = None
    await database.write(insertion(number + 1), durability)
    await database.close()
    assert disk.faults[FULL] >= refused - 3
    assert await found_after(disk.after_power_cut(Random(1))) in {number, number + 1}


async def test_a_read_error_fails_what_reads_and_nothing_else() -> None:
    """An input/output error comes out as StorageError, and passes with its cause."""
    disk = Disk()
    await live(disk, Ledger(), PLAN)
    database = await open_on(disk)
    disk.fail_reads = lambda name: name == NAME
    for _ in range(2):
        with pytest.raises(StorageError, match="does not read"):
            await database.read(lambda sql: sql.rows("SELECT * FROM item"))
    assert disk.faults[FAILED_READ] >= 2
    disk.fail_reads = None
    assert len(await numbers(database)) == len(PLAN)
    await database.close()


async def test_after_a_failed_sync_nothing_is_written_until_the_file_is_opened_anew() -> None:
    """The write whose sync fails raises, so does every later one, and a power cut leaves what was durable."""
    disk = Disk()
    ledger = Ledger()
    await live(disk, ledger, PLAN[:3])
    database = await open_on(disk)
    disk.fail_syncs = lambda name: name.endswith("-wal")
    with pytest.raises(StorageError):
        await database.write(insertion(4), FULLY)
    disk.fail_syncs = None
    for durability in Durability:
        with pytest.raises(StorageError, match="earlier writes"):
            await database.write(insertion(4), durability)
    assert disk.faults[FAILED_SYNC] == 1
    await database.close()
    assert await found_after(disk) == 3


async def test_a_checkpoint_that_fails_is_repeated_by_the_next_write() -> None:
    """A checkpoint without room fails no commit, but the write after it, until there is room."""
    disk = Disk()
    await live(disk, Ledger(), PLAN[:1])
    database = await open_on(disk)

    def fill_disk(kind: str, name: str) -> None:
        if (kind, name) == ("write", NAME):  # only a checkpoint writes there
            disk.capacity_bytes = 0

    disk.before_operation = fill_disk
    number = 1
    while not disk.faults[FULL]:
        number += 1
        await database.write(insertion(number), NORMAL)
    with pytest.raises(DiskFull):
        await database.write(insertion(number + 1), NORMAL)
    assert disk.faults[FULL] == 2
    before = disk.content(NAME)
    disk.before_operation = disk.capacity_bytes = None
    await database.write(insertion(number + 1), NORMAL)
    assert disk.content(NAME) != before
    await database.close()
    assert await found_after(disk) == number + 1


async def test_a_full_write_without_changes_makes_earlier_writes_durable() -> None:
    """After a FULL write whose work does nothing, no power cut takes the NORMAL commits before it."""
    for seed in range(20):
        disk = Disk()
        await live(disk, Ledger(), ())
        database = await open_on(disk)
        await database.write(insertion(1), NORMAL)
        await database.write(insertion(2), NORMAL)
        await database.write(lambda _: None, FULLY)
        assert await found_after(disk.after_power_cut(Random(seed))) == 2
        await database.close()


async def test_a_flipped_bit_in_the_log_takes_what_stands_behind_it() -> None:
    """A log that is read after a crash ends at the first page whose checksum does not hold: what is left is
    sound, a beginning, and no error says that there was more.
    """
    disk = Disk()
    death = Death(disk, 10**6, random=None)
    await live(disk, Ledger(), PLAN[:1])
    # Without a checkpoint: older pages of a damaged log over newer ones in the file would be no beginning.
    database = await open_simulated_database(disk, NAME, application_id=APPLICATION_ID)
    for number in range(2, 7):
        await database.write(insertion(number), FULLY)
    crashed = death.next_disk()
    assert await found_after(crashed.after_kill()) == 6
    found = []
    for seed in range(60):
        rotten = crashed.after_kill()
        rotten.flip_bit(Random(seed), f"{NAME}-wal")
        found.append(await found_after(rotten))
    assert set(found) == {1, 2, 3, 4, 5}
    await database.close()


# --- opening --------------------------------------------------------------------------------------


async def test_a_file_has_one_connection_at_a_time() -> None:
    """A second opener is refused as long as the first one is open, and not after a death."""
    disk = Disk()
    first = await open_on(disk)
    with pytest.raises(Locked):
        await open_on(disk)
    await (await open_on(disk.after_kill())).close()
    await first.close()
    await (await open_on(disk)).close()


async def test_disks_do_not_see_each_other() -> None:
    """Files of one name on two disks are two files."""
    disks = Disk(), Disk()
    for disk, plan in zip(disks, (PLAN[:2], PLAN[:5]), strict=True):
        await live(disk, Ledger(), plan)
    assert [await found_after(disk) for disk in disks] == [2, 5]


async def test_the_file_of_another_application_is_not_touched() -> None:
    """A database with another application id is refused, byte for byte as it was."""
    disk = Disk()
    await (await open_simulated_database(disk, NAME, application_id=77)).close()
    before = disk.content(NAME)
    with pytest.raises(NotAReplica) as caught:
        await open_on(disk)
    assert caught.value.details["application_id"] == 77
    assert disk.content(NAME) == before


async def test_every_transaction_waits_for_the_pause() -> None:
    """The world is asked before each write and read, and can let others in between."""
    order: list[str] = []

    async def pause() -> None:
        order.append("pause")
        await asyncio.sleep(0)

    database = await open_simulated_database(
        Disk(), NAME, application_id=APPLICATION_ID, pause=pause, checkpoint_pages=1
    )
    await asyncio.gather(
        database.write(lambda _: order.append("first"), NORMAL),
        database.write(lambda _: order.append("second"), NORMAL),
        database.read(lambda _: order.append("read")),
    )
    await database.close()
    # To open, to write and to read; the second write waits for its turn before it pauses.
    assert order == ["pause", "pause", "pause", "first", "read", "pause", "second"]


async def test_closing_waits_for_reads_that_pause() -> None:
    """A read that was asked for before the database was closed is answered."""
    gate = asyncio.Event()
    gate.set()

    async def pause() -> None:
        await gate.wait()

    database = await open_simulated_database(Disk(), NAME, application_id=APPLICATION_ID, pause=pause)
    gate.clear()
    reading = asyncio.ensure_future(database.read(lambda sql: sql.row("SELECT 1")))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    assert not closing.done()
    gate.set()
    assert await reading == (1,)
    await closing


# --- the relay's store ----------------------------------------------------------------------------


async def open_store(disk: Disk, version: int = FORMAT_VERSION) -> SimulatedDatabase:
    """A relay's store on a disk."""
    return await open_simulated_store(
        disk, "relay.db", application_id=STORE_ID, version=version, schema=SCHEMA
    )


async def test_a_relay_keeps_its_store_on_a_simulated_disk() -> None:
    """A store is made once, is found again after a power cut, and every write to it is synced."""
    disk = Disk()
    store = await open_store(disk)
    await store.write(lambda sql: sql.execute("UPDATE pulse SET beats = 7"), NORMAL)
    again = await open_store(disk.after_power_cut(Random(0)))
    assert await again.read(lambda sql: sql.row("SELECT beats FROM pulse")) == (7,)
    assert await Store(again).space(SpaceId(b"s" * 32)) is None
    await again.close()
    await store.close()


async def test_a_store_is_made_whole_or_not_at_all() -> None:
    """Wherever the power fails while a store is made, the next start has one."""
    disk = Disk()
    await (await open_store(disk)).close()
    for operation in range(disk.operations.total()):
        disk = Disk()
        death = Death(disk, operation, random=Random(operation))
        await (await open_store(disk)).close()
        again = await open_store(death.next_disk())
        assert await again.read(lambda sql: sql.row("SELECT count(*) FROM pulse")) == (1,)
        await again.close()


async def test_what_is_no_store_is_refused() -> None:
    """A replica is not taken for a store, nor is a store of a later version."""
    disk = Disk()
    await (await open_store(disk, version=FORMAT_VERSION + 1)).close()
    with pytest.raises(NewerFormat):
        await open_store(disk)
    await (await open_simulated_database(disk, "replica.db", application_id=1)).close()
    disk.put("relay.db", disk.content("replica.db"))
    with pytest.raises(NotAReplica):
        await open_store(disk)
