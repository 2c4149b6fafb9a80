"""How large a replica is, once a relay has acknowledged everything, beside the same rows as JSON in SQLite.

Both have the same indexes. What the parts of the replica's file take is told by SQLite itself
(https://www.sqlite.org/dbstat.html).
"""

import json
import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import apsw

from benchmarks.measuring import relay
from benchmarks.query import made
from syncore import Replica

DOCUMENTS = 10_000
BATCH = 100
INDEXED = ("gross", "year")
LARGEST = 8
"""Parts of the file that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Two files with the same content.

    Attributes:
        indexes: How many indexes both have.
        documents: How many documents.
        replica_bytes: The replica's file, closed.
        plain_bytes: The other one.
        ratio: ``replica_bytes`` / ``plain_bytes``.
        parts: Bytes of the largest tables and indexes of the replica's file.
    """

    indexes: int
    documents: int
    replica_bytes: int
    plain_bytes: int
    ratio: float
    parts: dict[str, int]


async def measure(folder: Path, *, indexes: int, documents: int = DOCUMENTS) -> Size:
    """Write the documents into both, with the first so many indexes."""
    chance = random.Random(1)
    rows = [made(number, chance) for number in range(documents)]
    plain = _write_plain(folder / "plain.db", rows, INDEXED[:indexes])
    path = folder / "replica.db"
    with relay(folder / "relay") as address:
        async with Replica.open(path, keystore=folder / "keys") as replica:
            space = await replica.share(address)
            films = replica.collection("films")
            for field in INDEXED[:indexes]:
                await (await films.create_index(field)).built()
            for start in range(0, documents, BATCH):
                async with replica.transaction() as transaction:
                    for number, row in enumerate(rows[start : start + BATCH], start=start):
                        await transaction.insert("films", row, id=f"f{number}")
            await space.synced()
        async with Replica.open(path, keystore=folder / "keys", sync=False):
            pass  # what the last acknowledgement had left to do is done at the next opening, at the latest
    return Size(
        indexes=indexes,
        documents=documents,
        replica_bytes=path.stat().st_size,
        plain_bytes=plain,
        ratio=path.stat().st_size / plain,
        parts=_parts(path),
    )


def line(size: Size) -> str:
    """A size for people."""
    parts = ", ".join(f"{name} {taken:,}" for name, taken in size.parts.items())
    return (
        f"{size.documents:,} documents, {size.indexes} indexes: {size.replica_bytes:,} bytes, "
        f"plain SQLite {size.plain_bytes:,}; ratio {size.ratio:.2f}\n  {parts}"
    )


def _write_plain(path: Path, rows: list[dict[str, str | int | bool]], indexed: tuple[str, ...]) -> int:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE films (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
    for field in indexed:
        database.execute(f"CREATE INDEX by_{field} ON films (body ->> '{field}')")
    database.executemany(
        "INSERT INTO films VALUES (?, ?)",
        ((f"f{number}", json.dumps(row)) for number, row in enumerate(rows)),
    )
    database.commit()
    database.close()
    return path.stat().st_size


def _parts(path: Path) -> dict[str, int]:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = database.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC")
        return {str(name): int(str(taken)) for name, taken in list(found)[:LARGEST]}
    finally:
        database.close()
