"""The ledger: a device's own record of what it asked for and what it was told, outside of the replica.

Owns the file: one JSON object a line, synced to the disk line by line. A row ``before`` stands there before a
call is made, a row ``after`` once it has returned. What has no row ``after`` may or may not have happened. A
last line without its newline was never finished: the process was killed, and the call not made.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from syncore.cli.demo.scenario import Json, Place, WriteKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWrite:
    """What an edit asked for in one field.

    Attributes:
        value: The value, amount, element or line.
        saw: The edits whose values the device had read, and so replaced; of the imported value the empty id.
        token: The version token of what it had read; empty where the write does not depend on it.
    """

    place: Place
    field: str
    kind: WriteKind
    value: Json
    saw: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEdit:
    """An edit, or the import of some documents.

    Attributes:
        imported: The documents that an import made; then there are no writes.
        is_acknowledged: Whether there is a row after it.
    """

    id: str
    writes: tuple[LedgerWrite, ...] = ()
    imported: tuple[Place, ...] = ()
    is_acknowledged: bool = False

    @property
    def is_transaction(self) -> bool:
        """Whether it writes more than one document."""
        return len({write.place for write in self.writes}) > 1


class Ledger:
    """A ledger that is being written."""

    def __init__(self, descriptor: int, edits: Sequence[LedgerEdit]) -> None:
        """Programs use :meth:`open`."""
        self._descriptor = descriptor
        self._made = {edit.id for edit in edits}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make a ledger or go on with one, behind its last whole row."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        os.ftruncate(descriptor, len(whole))
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return cls(descriptor, parse_ledger(whole.decode().splitlines()))

    def __contains__(self, edit: str) -> bool:
        """Whether there is a row before this edit."""
        return edit in self._made

    async def before(
        self, edit: str, *, writes: Sequence[LedgerWrite] = (), imported: Sequence[Place] = ()
    ) -> None:
        """Write down what is going to be asked for; it is on the disk when this returns."""
        self._made.add(edit)
        row: dict[str, object] = {"row": "before", "edit": edit}
        if imported:
            row["imported"] = imported
        else:
            row["writes"] = [_write_row(write) for write in writes]
        await asyncio.to_thread(self._append, row)

    async def after(self, edit: str) -> None:
        """Write down that the call has returned."""
        await asyncio.to_thread(self._append, {"row": "after", "edit": edit})

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)

    def _append(self, row: dict[str, object]) -> None:
        line = json.dumps(row).encode() + b"\n"
        written = os.write(self._descriptor, line)  # one call, so rows of several threads do not mix
        assert written == len(line)
        os.fsync(self._descriptor)


def read_ledger(path: Path) -> list[LedgerEdit]:
    """The edits of a ledger file, in the order in which they were begun."""
    content = path.read_bytes() if path.exists() else b""
    return parse_ledger(content[: content.rfind(b"\n") + 1].decode().splitlines())


def parse_ledger(lines: Iterable[str]) -> list[LedgerEdit]:
    """The edits that whole rows tell of."""
    rows = [json.loads(line) for line in lines]
    acknowledged = {row["edit"] for row in rows if row["row"] == "after"}
    return [
        LedgerEdit(
            id=row["edit"],
            writes=tuple(_read_write(write) for write in row.get("writes", ())),
            imported=tuple(Place(*place) for place in row.get("imported", ())),
            is_acknowledged=row["edit"] in acknowledged,
        )
        for row in rows
        if row["row"] == "before"
    ]


def _write_row(write: LedgerWrite) -> dict[str, object]:
    return {
        "place": write.place,
        "field": write.field,
        "kind": write.kind.value,
        "value": write.value,
        "saw": write.saw,
        "token": write.token,
    }


def _read_write(row: dict[str, Any]) -> LedgerWrite:
    return LedgerWrite(
        place=Place(*row["place"]),
        field=row["field"],
        kind=WriteKind(row["kind"]),
        value=row["value"],
        saw=tuple(row["saw"]),
        token=row["token"],
    )
