"""Opening a large replica and reading one document, against opening the bare file and reading one row."""

import sqlite3
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from syncore import Replica

DOCUMENTS = 20_000
BATCH = 500
OPENINGS = 10


async def measure(folder: Path) -> list[Comparison]:
    """Open, get one document, close."""
    path, keys = folder / "open.db", folder / "keys"
    async with Replica.open(path, keystore=keys) as replica:
        for start in range(0, DOCUMENTS, BATCH):
            async with replica.transaction() as transaction:
                for number in range(start, start + BATCH):
                    await transaction.insert(
                        "films", {"title": f"Film {number}", "year": 1900 + number % 120}, id=f"f{number}"
                    )

    async def opened() -> int:
        for number in range(OPENINGS):
            async with Replica.open(path, keystore=keys) as replica:
                await replica.collection("films").get(f"f{number}")
        return OPENINGS

    async def bare() -> int:
        for number in range(OPENINGS):
            connection = sqlite3.connect(path)
            connection.execute(
                "SELECT projection FROM documents WHERE collection = 'films' AND id = ?", (f"f{number}",)
            ).fetchone()
            connection.close()
        return OPENINGS

    return [
        await compare(
            f"open and first get, {DOCUMENTS:,} documents", "opening", opened,
            "sqlite3: connect and select one row", bare,
        )
    ]  # fmt: skip
