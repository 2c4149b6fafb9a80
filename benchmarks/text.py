"""Awaited keystrokes into a long text, against pycrdt with one SQLite row each."""

import sqlite3
from pathlib import Path
from typing import Any

from pycrdt import Doc, TransactionEvent
from pycrdt import Text as RichText

from benchmarks.measuring import Comparison, compare, relay, waited
from syncore import Replica, Text, splice

CHARACTERS = 100_000
KEYSTROKES = 200
_LINE = "The quick brown fox jumps over. "


class BareKeystrokes:
    """A text whose deltas are rows of a log, each in a commit of its own."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB)")
        self._doc: Doc[Any] = Doc()
        self._text = self._doc.get("text", type=RichText)
        self._text += _LINE * (CHARACTERS // len(_LINE))
        self._doc.observe(self._keep)

    async def type(self) -> int:
        """Characters typed one after the other into the middle."""
        for place in range(CHARACTERS // 2, CHARACTERS // 2 + KEYSTROKES):
            self._text.insert(place, "x")
        return KEYSTROKES

    def _keep(self, event: TransactionEvent) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO log (body) VALUES (?)", (event.update,))
        self._connection.execute("COMMIT")


async def measure(folder: Path) -> list[Comparison]:
    """One writer of a shared space types into the middle of a text, each character awaited."""
    bare = BareKeystrokes(folder / "bare.db")
    with relay(folder / "relay") as address:
        async with Replica.open(folder / "text.db", keystore=folder / "keys") as replica:
            await replica.share(address)
    async with Replica.open(folder / "text.db", keystore=folder / "keys", sync=False) as replica:
        notes = replica.collection("notes")
        note = await notes.insert({"body": Text(_LINE * (CHARACTERS // len(_LINE)))})

        waits: list[float] = []

        async def typed() -> int:
            for place in range(CHARACTERS // 2, CHARACTERS // 2 + KEYSTROKES):
                await waited(notes.update(note.id, body=splice(place, 0, "x")), waits)
            return KEYSTROKES

        return [
            await compare(
                f"type into a text of {CHARACTERS:,}", "keystroke, awaited", typed,
                "pycrdt: insert, delta, a commit of one row", bare.type, waits=waits,
            )
        ]  # fmt: skip
