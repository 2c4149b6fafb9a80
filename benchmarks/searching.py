"""Searches of texts beside FTS5 alone: the same query, ranking and limit on a table with the same texts.

``python -m benchmarks.searching COUNT`` does it with so many documents, such as 336776.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from syncore import Replica

DOCUMENTS = 20_000
BATCH = 500
SEARCHES = 20
QUERIES = ("rare7", "common3 common5", "comm*", '"common1 common2"', "common1 -common2")


def made(chance: random.Random) -> str:
    """Twelve words, some of which half of all texts have."""
    return " ".join(
        f"common{chance.randrange(30)}" if chance.random() < 0.7 else f"rare{chance.randrange(5_000)}"
        for _ in range(12)
    )


async def measure(folder: Path, documents: int = DOCUMENTS) -> list[Comparison]:
    """The best 20 of each query, as documents, beside their row numbers from FTS5 alone."""
    chance = random.Random(1)
    texts = [made(chance) for _ in range(documents)]
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("CREATE VIRTUAL TABLE t USING fts5(body, tokenize='unicode61 remove_diacritics 2')")
    bare.execute("BEGIN")
    bare.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
    bare.execute("COMMIT")
    async with Replica.open(folder / "search.db", keystore=folder / "keys", sync=False) as replica:
        notes = replica.collection("notes")
        for start in range(0, documents, BATCH):
            async with replica.transaction() as transaction:
                for number in range(start, min(start + BATCH, documents)):
                    await transaction.insert("notes", {"body": texts[number]}, id=f"n{number}")
        await (await notes.create_text_index("body")).built()
        found = []
        for typed in QUERIES:
            match = f'"{typed[:-1]}" *' if typed.endswith("*") else typed.replace(" -", " NOT ")

            async def search(typed: str = typed) -> int:
                for _ in range(SEARCHES):
                    await notes.search(typed, limit=20)
                return SEARCHES

            async def alone(match: str = match) -> int:
                for _ in range(SEARCHES):
                    bare.execute(
                        "SELECT rowid, rank, body FROM t WHERE t MATCH ? ORDER BY rank LIMIT 20", (match,)
                    ).fetchall()
                return SEARCHES

            found.append(
                await compare(
                    f"search {typed} in {documents} texts", "search", search, "FTS5 alone, ranked", alone
                )
            )
        return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        count = int(sys.argv[1]) if sys.argv[1:] else DOCUMENTS
        for one in asyncio.run(measure(Path(place), count)):
            sys.stdout.write(
                f"{one.name}: {one.per_second:,.0f}/s; alone {one.primitive_per_second:,.0f}/s; "
                f"ratio {one.ratio:.3f}\n"
            )
