"""The real replica on a simulated disk: machines that die while it commits, seals, merges and syncs."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from simulations.disk.database import open_simulated_database
from simulations.disk.disk import Disk
from simulations.disk.key_files import DiskKeyFiles
from syncore.core.errors import SyncoreError
from syncore.core.ports import Database
from syncore.documents.changes import Counter, List, Text, add, increment, rewrite, splice
from syncore.replica.digesting import space_digest
from syncore.storage.schema import APPLICATION_ID
from tests.replica.invariants import check_device
from tests.replica.test_rebasing import SHARED, found_marks
from tests.replica.world import Device, make_world
from tests.simulations.disk.deaths import Death

CHECKPOINT_PAGES = 30


@dataclass
class Machine:
    """A device whose file and keystore are on one simulated disk, and what it was promised.

    Attributes:
        reported: The marks whose commit was reported while the machine lived.
        durable: Those of them that were flushed or sealed since.
    """

    device: Device
    disk: Disk = field(default_factory=Disk)
    reported: set[str] = field(default_factory=set)
    durable: set[str] = field(default_factory=set)
    death: Death | None = None

    async def start(self) -> None:
        """Open everything, as a program does when it starts."""
        disk = self.disk

        async def open_file(path: Path) -> Database:
            return await open_simulated_database(
                disk, path.name, application_id=APPLICATION_ID, checkpoint_pages=CHECKPOINT_PAGES
            )

        self.device.open_file = open_file
        self.device.key_files = DiskKeyFiles(disk)
        await self.device.open()

    async def work(self, turns: int) -> None:
        """Commit, flush, seal and upload, then close; only what happens before the death counts."""
        for turn in range(turns):
            mark = f"<{self.device.lives}.{turn}>"
            await commit(self.device, mark)
            self._note(self.reported, {mark})
            if turn % 3 == 1:
                await self.device.local.flush()
                self._note(self.durable, self.reported)
            if turn % 3 == 2 and self._is_alive:  # a dead machine reaches no relay
                await self.device.exchange()
                self._note(self.durable, self.reported)
        await self.device.close()

    @property
    def _is_alive(self) -> bool:
        return self.death is None or self.death.is_alive

    def _note(self, ledger: set[str], marks: set[str]) -> None:
        if self._is_alive:
            ledger |= marks


async def commit(device: Device, mark: str) -> None:
    """One transaction that leaves its mark in every kind of field, and a document of its own."""
    async with device.transaction() as transaction:
        await transaction.update(
            SHARED,
            text=rewrite(lambda text: f"{text}{mark}"),
            marks=splice(0, 0, [mark]),
            set=add(mark),
            count=increment(),
        )
        await transaction.insert("edits", {"mark": mark, "more": "x" * 500}, id=mark)


async def make_machine(folder: Path) -> Machine:
    """A machine with a shared document that is at the relay."""
    _, (device,) = make_world(folder, "disk", 1)
    machine = Machine(device)
    await machine.start()
    shared = {"text": Text(), "marks": List(), "set": set(), "count": Counter()}
    await device.collection("notes").insert(shared, id="shared")
    await device.exchange()
    return machine


async def inspected_marks(machine: Machine) -> set[str]:
    """What is in a device's space, after everything that must hold of a file was checked."""
    device = machine.device
    await check_device(device)
    in_text, in_list, in_set, count, documents = await found_marks(device)
    assert in_text == in_list == in_set == documents, "a transaction was torn"
    assert count == len(in_text) == len(set(in_text))
    return set(in_text)


async def live_again(machine: Machine, random: Random | None) -> None:
    """Start on what the death has left, and find every promise kept."""
    assert machine.death is not None
    machine.disk = machine.death.next_disk()
    machine.death = None
    await machine.start()
    assert not machine.device.has_returned, "a death was taken for a return in time"
    await machine.device.pull()
    found = await inspected_marks(machine)
    promised = machine.reported if random is None else machine.durable
    assert promised <= found
    await machine.device.exchange()
    assert await inspected_marks(machine) == found
    machine.reported = set(found)
    machine.durable = set(found)


@pytest.mark.parametrize("death", ["kill", "power cut"])
async def test_a_replica_survives_its_machine_at_every_operation(death: str, tmp_path: Path) -> None:
    """Whatever disk operation a machine dies at, its replica opens, keeps what it had promised, is not taken
    for an old copy, and goes on syncing.
    """
    operation = 0
    while True:
        machine = await make_machine(tmp_path)
        random = Random(operation) if death == "power cut" else None
        machine.death = Death(machine.disk, operation, random=random)
        await machine.work(4)
        is_over = machine.death.is_alive
        await live_again(machine, random)
        await machine.device.close()
        if is_over:
            break
        operation += 1
    assert operation > 40


@pytest.mark.parametrize("seed", range(4))
async def test_a_replica_survives_many_deaths_in_a_row(seed: int, tmp_path: Path) -> None:
    """Over twelve lives that end by a kill or a power cut at any moment, no promise is broken."""
    random = Random(seed)
    machine = await make_machine(tmp_path)
    for _ in range(12):
        dice = Random(random.random()) if random.random() < 0.6 else None
        machine.death = Death(machine.disk, random.randrange(120), random=dice)
        await machine.work(6)
        await live_again(machine, dice)
    assert len(await inspected_marks(machine)) > 12
    await machine.device.close()


async def test_a_flipped_bit_changes_nothing_or_is_found(tmp_path: Path) -> None:
    """Of 150 files with one flipped bit each is read as it was, or reading says that it is damaged, or at
    least SQLite's integrity check does.
    """
    machine = await make_machine(tmp_path)
    await machine.work(12)
    path = machine.device.path.name
    sound = machine.disk
    machine.disk = sound.copy()
    await machine.start()
    expected = await space_digest(machine.device.local, machine.device.number)
    await machine.device.close()
    unchanged = found = 0
    for seed in range(150):
        machine.disk = sound.copy()
        machine.disk.flip_bit(Random(seed), path)
        try:
            await machine.start()
            digest = await space_digest(machine.device.local, machine.device.number)
            verdict = await machine.device.local.read(lambda sql: sql.rows("PRAGMA integrity_check"))
        except SyncoreError:
            found += 1
        else:
            assert digest == expected or verdict != [("ok",)], f"seed {seed}"
            unchanged += digest == expected
        await machine.device.close()
    assert found > 5
    assert unchanged > 15
