"""The ledger: what was written is read, and a row that was never finished is not there."""

import os
from pathlib import Path

import pytest

from syncore.cli.demo.ledger import Ledger, LedgerEdit, LedgerWrite, parse_ledger, read_ledger
from syncore.cli.demo.scenario import Place, WriteKind

ROME = Place("airports", "FCO")
WRITE = LedgerWrite(
    place=ROME, field="name", kind=WriteKind.REGISTER, value="Roma «d1#1»\u2028", saw=("", "d2#1"), token="t"
)


async def test_rows_are_read_back(tmp_path: Path) -> None:
    """Edits come back as they were written, acknowledged if there is a row after them."""
    ledger = Ledger.open(tmp_path / "ledger")
    await ledger.before("d1#import-0", imported=[ROME])
    await ledger.after("d1#import-0")
    await ledger.before("d1#1", writes=[WRITE])
    ledger.close()
    assert read_ledger(tmp_path / "ledger") == [
        LedgerEdit(id="d1#import-0", imported=(ROME,), is_acknowledged=True),
        LedgerEdit(id="d1#1", writes=(WRITE,)),
    ]


async def test_a_ledger_goes_on_behind_its_last_whole_row(tmp_path: Path) -> None:
    """Wherever a process was killed, its rows up to there are kept, and the next ones can be read."""
    path = tmp_path / "ledger"
    ledger = Ledger.open(path)
    await ledger.before("d1#1", writes=[WRITE])
    await ledger.after("d1#1")
    ledger.close()
    whole = path.read_bytes()
    first_row = whole.index(b"\n") + 1
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        ledger = Ledger.open(path)
        assert ("d1#1" in ledger) is (length >= first_row)
        await ledger.before("d1#2", writes=[WRITE])
        ledger.close()
        expected = [LedgerEdit(id="d1#1", writes=(WRITE,))] if length >= first_row else []
        assert read_ledger(path) == [*expected, LedgerEdit(id="d1#2", writes=(WRITE,))]


async def test_every_row_is_synced_before_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is asked to keep each row."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    ledger = Ledger.open(tmp_path / "ledger")
    await ledger.before("d1#1", writes=[WRITE])
    size = (tmp_path / "ledger").stat().st_size
    assert synced[-1] == size
    await ledger.after("d1#1")
    assert synced[-1] == (tmp_path / "ledger").stat().st_size > size
    ledger.close()


def test_an_absent_ledger_is_empty(tmp_path: Path) -> None:
    """A device that never wrote has no edits."""
    assert read_ledger(tmp_path / "ledger") == []
    assert parse_ledger([]) == []
