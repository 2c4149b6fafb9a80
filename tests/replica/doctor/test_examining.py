"""Bits flipped at random places of a file of real content: what changes anything is found where it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncore.replica.doctor import examining, rows
from syncore.replica.doctor.findings import Finding
from syncore.replica.doctor.subject import Subject
from tests.replica.doctor.content import examine, make_full_file
from tests.replica.doctor.flipping import Flips


async def test_flipped_bits_are_found_and_located(tmp_path: Path) -> None:
    """Each of 60 single flips that changes anything in a file is found, and told of a table that changed."""
    flips = Flips(await make_full_file(tmp_path), tmp_path)
    seen, missed = flips.examine_random(60, "short")
    assert seen > 10
    assert not missed


async def test_a_sound_file_has_no_findings(tmp_path: Path) -> None:
    """Nothing is found in a file that holds every kind of content and was never damaged."""
    device = await make_full_file(tmp_path)
    report = examine(device)
    assert report.findings == ()
    assert report.is_sound
    assert report.documents > 30


async def test_every_examination_reports_how_far_it_is(tmp_path: Path) -> None:
    """Progress names each examination in order, and never more rows than it said there are."""
    device = await make_full_file(tmp_path)
    told: list[tuple[str, int, int]] = []
    examine(device, progress=lambda *step: told.append(step))
    names = list(dict.fromkeys(name for name, _, _ in told))
    assert names == [name for name, _ in examining.EXAMINATIONS]
    assert all(done <= total for _, done, total in told if total)


async def test_an_examination_that_breaks_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that stumbles over what it reads ends neither the examination nor in silence."""

    def broken(_subject: Subject) -> list[Finding]:
        raise KeyError

    device = await make_full_file(tmp_path)
    monkeypatch.setattr(examining, "EXAMINATIONS", (("rows", broken), ("again", rows.examine)))
    (finding,) = examine(device).findings
    assert "could not be finished: KeyError" in finding.what


@pytest.mark.parametrize(
    ("index", "damage"),
    [
        ("segments_twice", "UPDATE segments SET arrived_ms = arrived_ms + 4 WHERE position = 2"),
        ("set_aside_twice", "UPDATE set_aside SET reason = 'the relay does not tame it'"),
        ("renamed_twice", "UPDATE renamed SET new_number = new_number + 64 WHERE number = 902"),
        ("undo_steps_twice", "UPDATE undo_steps SET number = number + 8 WHERE document = 2"),
        ("spaces_twice", "UPDATE spaces SET relay_losses = 2 WHERE space = 2"),
    ],
)
async def test_what_nothing_else_tells_is_compared_with_its_second_copy(
    tmp_path: Path, index: str, damage: str
) -> None:
    """A column without a checksum that changes behind the back of its index is told with the index."""
    device = await make_full_file(tmp_path)
    select = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?"
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        kept = connection.execute(select, (index,)).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        assert connection.execute(damage).rowcount
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
    assert index in {finding.table for finding in examine(device).findings}
