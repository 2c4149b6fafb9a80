"""Local commits against bare SQLite commits of as many bytes in as many rows."""

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.measuring import Comparison, compare, relay, waited
from syncore import Durability, Replica

AWAITED = 500
CONCURRENT = 1_024
WRITERS = 128
BATCHES = 10
BATCH = 100
FULL = 50
FILM = {"title": "Alien", "year": 1979, "gross": 0, "country": "US", "seen": True}


class BareCommits:
    """A table with one row of state and a log, written as a commit writes them, with nothing around it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._connection.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, projection BLOB)")
        self._connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB)")
        self._connection.execute("INSERT INTO state VALUES (1, x'')")

    async def commit(self, count: int, *, rows: int = 1, synchronous: str = "NORMAL") -> int:
        """``count`` transactions of ``rows`` writes each."""
        self._connection.execute(f"PRAGMA synchronous = {synchronous}")
        for _ in range(count):
            self._connection.execute("BEGIN IMMEDIATE")
            for _ in range(rows):
                self._connection.execute("UPDATE state SET projection = ? WHERE id = 1", (bytes(120),))
                self._connection.execute("INSERT INTO log (body) VALUES (?)", (bytes(110),))
            self._connection.execute("COMMIT")
        return count * rows


async def measure(folder: Path) -> list[Comparison]:
    """Awaited one by one, by many writers at once, in transactions, and with a full sync each."""
    bare = BareCommits(folder / "bare.db")
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "write.db", keystore=folder / "keys") as replica:
            await replica.share(address)
    async with Replica.open(folder / "write.db", keystore=folder / "keys", sync=False) as replica:
        films = replica.collection("films")
        film = await films.insert(FILM)
        waits: dict[str, list[float]] = {"awaited": [], "concurrent": [], "full": []}

        async def awaited() -> int:
            for number in range(AWAITED):
                await waited(films.update(film.id, gross=number), waits["awaited"])
            return AWAITED

        async def writer(share: int) -> None:
            for number in range(share):
                await waited(films.update(film.id, gross=number), waits["concurrent"])

        async def concurrent() -> int:
            await asyncio.gather(*(writer(CONCURRENT // WRITERS) for _ in range(WRITERS)))
            return CONCURRENT

        async def batched() -> int:
            for number in range(BATCHES):
                async with replica.transaction() as transaction:
                    for place in range(BATCH):
                        await transaction.insert("films", {"title": "x", "number": number, "place": place})
            return BATCHES * BATCH

        async def full() -> int:
            for number in range(FULL):
                update = films.update(film.id, {"gross": number}, durability=Durability.FULL)
                await waited(update, waits["full"])
            return FULL

        return [
            await compare(
                "write, awaited one by one", "update of one field", awaited,
                "sqlite3: a commit of two rows", lambda: bare.commit(AWAITED), waits=waits["awaited"],
            ),
            await compare(
                "write, 128 writers at once", "update of one field", concurrent,
                "sqlite3: a commit of two rows", lambda: bare.commit(AWAITED), waits=waits["concurrent"],
            ),
            await compare(
                "insert, 100 a transaction", "document", batched,
                "sqlite3: two rows, 100 pairs a commit", lambda: bare.commit(BATCHES, rows=BATCH),
            ),
            await compare(
                "write, FULL", "update of one field", full,
                "sqlite3: a commit of two rows, FULL", lambda: bare.commit(FULL, synchronous="FULL"),
                waits=waits["full"],
            ),
        ]  # fmt: skip
