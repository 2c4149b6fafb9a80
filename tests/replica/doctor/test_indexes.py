"""Indexes that are not what their documents come to are found, and made anew by a repair."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.replica.doctor.content import examine, make_full_file


@pytest.mark.parametrize(
    ("table", "damage"),
    [
        (
            "index_entries_1",
            "DELETE FROM index_entries_1 WHERE document = (SELECT max(document) FROM index_entries_1)",
        ),
        (
            "index_entries_2",
            "UPDATE index_entries_2 SET document = 0 WHERE key = (SELECT max(key) FROM index_entries_2)",
        ),
        ("index_entries_3", "INSERT INTO index_entries_3 VALUES (x'00', 5)"),
        ("index_entries_3", "UPDATE indexes SET collection = 'notes' WHERE number = 3"),
        (
            "text_entries_4",
            "DELETE FROM text_entries_4_docsize WHERE id = (SELECT max(id) FROM text_entries_4_docsize)",
        ),
        ("text_entries_4", "UPDATE text_entries_4_idx SET pgno = pgno + 8"),
        ("text_entries_4", "UPDATE text_entries_4_data SET block = zeroblob(length(block)) WHERE id > 10"),
        ("text_entries_4", "UPDATE text_entries_4_data SET block = x'010203' WHERE id = 1"),
        ("text_entries_4", "INSERT INTO text_entries_4 (text_entries_4) VALUES ('delete-all')"),
        ("indexes", "UPDATE indexes SET built_to = 'x' WHERE number = 1"),
        ("indexes", "UPDATE indexes SET stage = 7 WHERE number = 1"),
        ("indexes", "UPDATE indexes SET space = 9 WHERE number = 1"),
        ("schema", "DROP TABLE index_entries_2"),
    ],
)
async def test_every_difference_from_the_documents_is_found(tmp_path: Path, table: str, damage: str) -> None:
    """Entries that are missing, wrong or too many, and rows of indexes that cannot be so."""
    device = await make_full_file(tmp_path)
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        assert connection.execute(damage).rowcount
    assert table in {finding.table for finding in examine(device).findings if finding.is_damage}


async def test_an_index_that_is_being_built_may_lack_what_it_did_not_come_to(tmp_path: Path) -> None:
    """Entries behind where the building stands are not missed; those before it are."""
    device = await make_full_file(tmp_path)
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        [space] = connection.execute("SELECT space FROM indexes WHERE number = 1").fetchone()
        connection.execute("UPDATE indexes SET stage = 0, built_to = '3' WHERE number = 1")
        behind = "document IN (SELECT document FROM documents WHERE space = ? AND id > '3')"
        assert connection.execute(f"DELETE FROM index_entries_1 WHERE {behind}", (space,)).rowcount  # noqa: S608
    assert examine(device).is_sound
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        before = "document = (SELECT document FROM documents WHERE space = ? AND id = '2')"
        assert connection.execute(f"DELETE FROM index_entries_1 WHERE {before}", (space,)).rowcount  # noqa: S608
    assert not examine(device).is_sound


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM invalid_documents WHERE document = (SELECT min(document) FROM invalid_documents)",
        "INSERT INTO invalid_documents SELECT document FROM documents WHERE id = '3' AND space = 2",
        "INSERT INTO invalid_documents VALUES (9999)",
    ],
)
async def test_wrong_flags_are_found(tmp_path: Path, damage: str) -> None:
    """A document that does not fit its schema and is not flagged, one that fits and is, and none at all."""
    device = await make_full_file(tmp_path)
    with closing(sqlite3.connect(device.path, isolation_level=None)) as connection:
        assert connection.execute(damage).rowcount
    assert "invalid_documents" in {finding.table for finding in examine(device).findings}
