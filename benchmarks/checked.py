"""Updates of documents with a schema and two indexes, against bare commits and the barest batch."""

import asyncio
import sqlite3
from pathlib import Path

from benchmarks.measuring import Comparison, compare, relay, waited
from benchmarks.write import AWAITED, BATCH, BATCHES, CONCURRENT, FILM, WRITERS, BareCommits
from syncore import Replica
from syncore.codec.packing import pack

LOGGED = 1_000
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "year": {"type": "integer"},
        "gross": {"type": "integer"},
        "country": {"type": "string"},
        "seen": {"type": "boolean"},
    },
}
_ID = "01938d6f-6b3c-7a31-9c55-3f6d0b7c7a11"


class BareLog:
    """The barest batch: pack an operation, insert it as one row, 1,000 a commit."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB)")

    async def write(self) -> int:
        """One commit."""
        self._connection.execute("BEGIN IMMEDIATE")
        for number in range(LOGGED):
            packed = pack(["checked", _ID, 0, [[1, "gross", pack(number), [4_294_967_303, number]]]])
            self._connection.execute("INSERT INTO log (body) VALUES (?)", (packed,))
        self._connection.execute("COMMIT")
        return LOGGED


async def measure(folder: Path) -> list[Comparison]:
    """Awaited one by one, by many writers at once, and in transactions; one of the indexed fields changes."""
    commits, log = BareCommits(folder / "bare.db"), BareLog(folder / "log.db")
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "checked.db", keystore=folder / "keys") as replica:
            await replica.share(address)
    async with Replica.open(folder / "checked.db", keystore=folder / "keys", sync=False) as replica:
        films = replica.collection("films")
        await films.configure(schema=SCHEMA)
        for field in ("year", "gross"):
            await (await films.create_index(field)).built()
        several = [await films.insert(FILM) for _ in range(WRITERS)]
        waits: list[float] = []

        async def awaited() -> int:
            for number in range(AWAITED):
                await waited(films.update(several[0].id, gross=number), waits)
            return AWAITED

        async def write(document: str) -> None:
            for number in range(CONCURRENT // WRITERS):
                await films.update(document, gross=number)

        async def concurrent() -> int:
            await asyncio.gather(*(write(document.id) for document in several))
            return CONCURRENT

        async def batched() -> int:
            for number in range(BATCHES):
                async with replica.transaction() as transaction:
                    for document in several[:BATCH]:
                        await transaction.update(document, gross=number)
            return BATCHES * BATCH

        return [
            await compare(
                "checked write, awaited one by one", "update of one field", awaited,
                "sqlite3: a commit of two rows", lambda: commits.commit(AWAITED), waits=waits,
            ),
            await compare(
                "checked write, 128 writers at once", "update of one field", concurrent,
                "msgpack and a row, 1,000 a commit", log.write,
            ),
            await compare(
                "checked write, 100 a transaction", "update of one field", batched,
                "msgpack and a row, 1,000 a commit", log.write,
            ),
        ]  # fmt: skip
