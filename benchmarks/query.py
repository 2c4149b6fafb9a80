"""An indexed page of documents beside the same on plain SQLite with JSON, and what an index costs writes."""

import json
import random
import sqlite3
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from syncore import Replica, where

DOCUMENTS = 5_000
BATCH = 500
PAGE = 50
PAGES = 40
INSERTS = 500


def made(number: int, chance: random.Random) -> dict[str, str | int | bool]:
    """The fields of a document."""
    return {
        "title": f"film {number}",
        "year": 1930 + number % 90,
        "gross": chance.randrange(10**9),
        "country": "US",
        "seen": number % 3 == 0,
    }


async def measure(folder: Path) -> list[Comparison]:  # noqa: C901 - its parts are what is measured
    """Pages by an index, and inserts and updates with two indexes beside those without."""
    chance = random.Random(1)
    documents = [made(number, chance) for number in range(DOCUMENTS)]
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("CREATE TABLE films (id TEXT PRIMARY KEY, body TEXT, gross INTEGER)")
    bare.execute("CREATE INDEX by_gross ON films (gross)")
    bare.executemany(
        "INSERT INTO films VALUES (?, ?, ?)",
        [(f"f{number}", json.dumps(one), one["gross"]) for number, one in enumerate(documents)],
    )
    async with Replica.open(folder / "query.db", keystore=folder / "keys", sync=False) as replica:
        films = replica.collection("films")
        for start in range(0, DOCUMENTS, BATCH):
            async with replica.transaction() as transaction:
                for number in range(start, start + BATCH):
                    await transaction.insert("films", documents[number], id=f"f{number}")
        await (await films.create_index("gross")).built()
        for index in ("title", "gross"):
            await replica.collection("indexed").create_index(index)

        lows = iter(range(10**9))

        async def pages() -> int:
            found = 0
            for number in range(PAGES):
                low = number * 10**9 // PAGES // 2 + next(lows)  # never the same query: results are held
                query = films.find(where.gross > low, order_by="gross", limit=PAGE)
                found += len([dict(film) for film in await query])
            return found

        async def bare_pages() -> int:
            found = 0
            for number in range(PAGES):
                low = number * 10**9 // PAGES // 2
                rows = bare.execute(
                    "SELECT id, body FROM films WHERE gross > ? ORDER BY gross LIMIT ?", (low, PAGE)
                )
                found += len([{"id": id_, **json.loads(body)} for id_, body in rows])
            return found

        async def inserts(collection: str) -> int:
            for start in range(0, INSERTS, 100):
                async with replica.transaction() as transaction:
                    for number in range(start, start + 100):
                        await transaction.insert(collection, documents[number])
            return INSERTS

        async def updates(collection: str) -> int:
            made_ = await replica.collection(collection).insert(documents[0])
            for number in range(INSERTS):
                await replica.collection(collection).update(made_, gross=number)
            return INSERTS

        return [
            await compare(
                "query, a page of 50 by an index", "document as a dict", pages,
                "sqlite3: the same SQL, JSON decoded", bare_pages,
            ),
            await compare(
                "insert with two indexes, 100 a transaction", "document", lambda: inserts("indexed"),
                "the same without indexes", lambda: inserts("plain"),
            ),
            await compare(
                "update of an indexed field", "update", lambda: updates("indexed"),
                "the same without indexes", lambda: updates("plain"),
            ),
        ]  # fmt: skip
