"""Machines that die at a chosen disk operation, and what their successors find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from simulations.disk.database import SimulatedDatabase, open_simulated_database
from simulations.disk.disk import Disk
from syncore.core.ports import Durability, SqlConnection

APPLICATION_ID = 0x53594E31
NAME = "a.db"
CHECKPOINT_PAGES = 12
"""So few that a handful of commits checkpoints, restarts the log, and checkpoints again."""


class Death:
    """Ends a machine before its n-th operation: what survives is taken there, and the dead code goes on.

    Attributes:
        survivor: The disk that the next life begins with; None as long as the machine lives.
    """

    def __init__(self, disk: Disk, operation: int, *, random: Random | None) -> None:
        """Die before an operation, counted from 0; by a power cut, or without ``random`` by a kill."""
        self.survivor: Disk | None = None
        self._disk = disk
        self._random = random
        self._left = operation
        disk.before_operation = self._count

    @property
    def is_alive(self) -> bool:
        """Whether what happens now still counts."""
        return self.survivor is None

    def next_disk(self) -> Disk:
        """The disk of the next life; dies now if it has not happened yet."""
        if self.survivor is None:
            self._die()
        assert self.survivor is not None
        return self.survivor

    def _count(self, _kind: str, _name: str) -> None:
        if self._left == 0 and self.survivor is None:
            self._die()
        self._left -= 1

    def _die(self) -> None:
        if self._random is None:
            self.survivor = self._disk.after_kill()
        else:
            self.survivor = self._disk.after_power_cut(self._random)


@dataclass(slots=True)
class Ledger:
    """What must be there, and what may be.

    Attributes:
        begun: The highest number whose transaction was begun.
        reported: The highest number whose commit was reported.
        durable: The highest number that a power cut must not take.
    """

    begun: int = 0
    reported: int = 0
    durable: int = 0
    death: Death | None = field(default=None, repr=False)

    def begin(self, number: int) -> None:
        """Note a transaction, unless its machine is dead."""
        if self.death is None or self.death.is_alive:
            self.begun = number

    def report(self, number: int, durability: Durability) -> None:
        """Note a commit that returned, unless its machine is dead."""
        if self.death is None or self.death.is_alive:
            self.reported = number
            if durability is Durability.FULL:
                self.durable = number


async def open_on(disk: Disk) -> SimulatedDatabase:
    """The database of these tests."""
    return await open_simulated_database(
        disk, NAME, application_id=APPLICATION_ID, checkpoint_pages=CHECKPOINT_PAGES
    )


async def live(disk: Disk, ledger: Ledger, plan: Sequence[Durability]) -> None:
    """Open, commit numbers from the first one that is not there, and close."""
    database = await open_on(disk)
    await database.write(_prepare, Durability.NORMAL)
    start = len(await numbers(database)) + 1
    for number, durability in enumerate(plan, start=start):
        ledger.begin(number)
        await database.write(insertion(number), durability)
        ledger.report(number, durability)
    await database.close()


def insertion(number: int) -> Callable[[SqlConnection], None]:
    """Work that inserts a row of up to three pages and rewrites another one, so that halves show."""

    def insert(sql: SqlConnection) -> None:
        body = bytes([number % 256]) * (number * 1777 % 12_000)
        sql.execute("INSERT INTO item VALUES (?, ?)", (number, body))
        sql.execute("UPDATE latest SET number = ?, body = ?", (number, body))

    return insert


def _prepare(sql: SqlConnection) -> None:
    sql.execute("CREATE TABLE IF NOT EXISTS item (number INTEGER PRIMARY KEY, body BLOB)")
    sql.execute("CREATE TABLE IF NOT EXISTS latest (number INTEGER, body BLOB)")
    sql.execute("INSERT INTO latest SELECT 0, x'' WHERE NOT EXISTS (SELECT * FROM latest)")


async def numbers(database: SimulatedDatabase) -> list[object]:
    """The numbers in the table, after a look at everything that must hold of a sound file."""

    def look(sql: SqlConnection) -> list[object]:
        assert sql.rows("PRAGMA integrity_check") == [("ok",)]
        rows = sql.rows("SELECT number, body FROM item ORDER BY number")
        for number, body in rows:
            assert isinstance(number, int)
            assert body == bytes([number % 256]) * (number * 1777 % 12_000)
        assert sql.rows("SELECT * FROM latest") == [rows[-1] if rows else (0, b"")]
        return [number for number, _ in rows]

    return await database.read(look)


async def found_after(disk: Disk) -> int:
    """How many transactions are on a disk; they are the first ones, whole and in order."""
    database = await open_on(disk)
    await database.write(_prepare, Durability.NORMAL)
    found = await numbers(database)
    assert found == list(range(1, len(found) + 1))
    await database.close()
    return len(found)
