"""Merging what others wrote into a durable replica, against upserting as many rows into bare SQLite."""

import sqlite3
from pathlib import Path

from benchmarks.measuring import Comparison, compare, relay
from syncore import Replica, Space

DOCUMENTS = 1_000
UPDATES = 5_000
ROUNDS = 3


async def measure(folder: Path) -> list[Comparison]:
    """One writer updates fields of 1,000 documents; the other replica catches up over a real relay."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE state (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "writer.db", keystore=folder / "keys") as writer:
            for number in range(DOCUMENTS):
                await writer.collection("films").insert({"title": "x", "gross": 0}, id=f"film-{number:04}")
            space = await writer.share(address)
            reader = folder / "reader.db"
            async with Replica.open(reader, keystore=folder / "reader") as other:
                await (await other.join(await space.invite())).synced()

            async def merged() -> int:
                await _update(writer, space)
                return await _catch_up(reader, folder / "reader")

            async def upserted() -> int:
                for start in range(0, UPDATES, 100):
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany(
                        "INSERT OR REPLACE INTO state VALUES (?, ?)",
                        [
                            (f"film-{number % DOCUMENTS:04}", bytes(120))
                            for number in range(start, start + 100)
                        ],
                    )
                    connection.execute("COMMIT")
                return UPDATES

            return [
                await compare(
                    "write, seal, relay and merge", "update of one field", merged,
                    "sqlite3: an upsert of one row, 100 a commit", upserted, rounds=ROUNDS,
                )
            ]  # fmt: skip


async def _update(writer: Replica, space: Space) -> None:
    for number in range(0, UPDATES, 100):
        async with writer.transaction() as transaction:
            for place in range(number, number + 100):
                await transaction.update(("films", f"film-{place % DOCUMENTS:04}"), gross=place)
    await space.synced()


async def _catch_up(path: Path, keystore: Path) -> int:
    async with Replica.open(path, keystore=keystore) as other:
        await other.space.synced()
    return UPDATES
