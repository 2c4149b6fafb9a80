"""A grouped aggregate in SQL over documents, against SQLite's own over the same rows as JSON."""

import json
import random
import sqlite3
from decimal import Decimal
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from syncore import Replica

DOCUMENTS = 20_000
BATCH = 1_000
QUERY = "select country, count(*), max(elevation) from airports where elevation > 100 group by country"
BARE = (
    "select body ->> 'country', count(*), max(body ->> 'elevation') from airports"
    " where body ->> 'elevation' > 100 group by 1"
)
EXACT = "select country, exact_sum(fee) from airports group by country"
BARE_EXACT = "select body ->> 'country', sum(body ->> 'fee') from airports group by 1"


async def measure(folder: Path) -> list[Comparison]:
    """Each query reads every document; the first one of a replica also looks up which fields there are."""
    random.seed(7)
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE airports (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
    async with Replica.open(folder / "replica.db", keystore=folder / "keys") as replica:
        for start in range(0, DOCUMENTS, BATCH):
            documents = {f"{number:06}": _airport(number) for number in range(start, start + BATCH)}
            async with replica.transaction() as transaction:
                for id_, fields in documents.items():
                    await transaction.insert("airports", fields, id=id_)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO airports VALUES (?, ?)",
                [(id_, json.dumps(fields, default=str)) for id_, fields in documents.items()],
            )
            connection.execute("COMMIT")

        async def grouped() -> int:
            assert len(await replica.sql(QUERY)) > 1
            return DOCUMENTS

        async def extracted() -> int:
            assert len(connection.execute(BARE).fetchall()) > 1
            return DOCUMENTS

        async def summed() -> int:
            assert len(await replica.sql(EXACT)) > 1
            return DOCUMENTS

        async def summed_roughly() -> int:
            assert len(connection.execute(BARE_EXACT).fetchall()) > 1
            return DOCUMENTS

        async def after_a_change() -> int:
            await replica.collection("airports").update("000000", elevation=random.randrange(9_000))
            return await grouped()

        found = [
            await compare(
                f"sql: group {DOCUMENTS:,} documents", "document", grouped,
                "sqlite3: the same over JSON text", extracted, rounds=3,
            ),
            await compare(
                "sql: the same after a change of one", "document", after_a_change,
                "sqlite3: the same over JSON text", extracted, rounds=3,
            ),
            await compare(
                "sql: exact sums of Decimals by group", "document", summed,
                "sqlite3: sum of floats over JSON text", summed_roughly, rounds=3,
            ),
        ]  # fmt: skip
    connection.close()
    return found


def _airport(number: int) -> dict[str, object]:
    return {
        "name": f"Airport {number}",
        "city": f"City {number % 997}",
        "country": f"C{number % 60}",
        "elevation": random.randrange(9_000),
        "lat": random.uniform(-90, 90),
        "lon": random.uniform(-180, 180),
        "fee": Decimal(random.randrange(10_000)) / 100,
        "tz": "Europe/Berlin",
    }
