"""Indexes and their entries in the file."""

from dataclasses import replace

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage, entries_table


def add(rows: IndexRows, sql: SqlConnection, definition: bytes) -> IndexRow:
    """An index with its table."""
    made = rows.add("films", "title", definition)
    sql.execute(entries_table(made.number))
    return made


def tables(sql: SqlConnection) -> list[object]:
    """The tables that hold entries."""
    return [row[0] for row in sql.rows("SELECT name FROM sqlite_master WHERE name LIKE 'index_entries_%'")]


def test_an_index_is_made_noted_and_found(sql: SqlConnection) -> None:
    """It begins empty and unbuilt, keeps what is noted of it, and belongs to one collection of one space."""
    rows = IndexRows(sql, 1)
    made = add(rows, sql, b"definition")
    assert (made.stage, made.built_to, made.built) == (IndexStage.BUILDING, "", 0)
    noted = replace(made, stage=IndexStage.COMPLETE, built=7, built_to="x")
    rows.note(noted)
    assert rows.all() == rows.of_collection("films") == [noted]
    assert rows.of_collection("other") == IndexRows(sql, 2).all() == []


def test_entries_lead_to_documents_in_the_order_of_keys(sql: SqlConnection) -> None:
    """A range is read from either end, counted, and changed; what is there already is added for nothing."""
    documents, rows = DocumentRows(sql, 1), IndexRows(sql, 1)
    number = add(rows, sql, b"").number
    places = [documents.add(DocumentKey("films", id_), id_.encode(), is_deleted=False) for id_ in "abc"]
    entries = [(bytes([9 - place]), document) for place, document in enumerate(places)]
    rows.insert(number, entries)
    rows.insert(number, entries)
    found = rows.entries(number, b"", None, limit=9)
    assert [(entry.key, entry.id, entry.projection) for entry in found] == [
        (b"\x07", "c", b"c"),
        (b"\x08", "b", b"b"),
        (b"\x09", "a", b"a"),
    ]
    ends = rows.entries(number, b"\x08", None, limit=1, is_backwards=True)
    assert [entry.id for entry in ends] == ["a"]
    assert [entry.id for entry in rows.entries(number, b"\x07", b"\x09", limit=9)] == ["c", "b"]
    assert rows.count(number, b"\x07", b"\x09", limit=9) == 2
    assert rows.count(number, b"", None, limit=1) == 1
    rows.delete(number, entries[:2])
    assert [entry.id for entry in rows.entries(number, b"", None, limit=9)] == ["c"]


def test_an_entry_that_leads_nowhere_is_damage(sql: SqlConnection) -> None:
    """It is told, and not passed over."""
    rows = IndexRows(sql, 1)
    number = add(rows, sql, b"").number
    rows.insert(number, [(b"k", 77)])
    with pytest.raises(IntegrityError, match="an index leads to"):
        rows.entries(number, b"", None, limit=9)


def test_a_dropped_index_goes_in_steps(sql: SqlConnection) -> None:
    """Its name is free at once, its entries go some at a time, its table with the last."""
    rows = IndexRows(sql, 1)
    old = add(rows, sql, b"")
    rows.insert(old.number, [(bytes([key]), 1) for key in range(5)])
    rows.note(replace(old, stage=IndexStage.DROPPED))
    new = add(rows, sql, b"")
    assert rows.of_collection("films") == [new]
    assert [rows.delete_some(old.number, 2) for _ in range(3)] == [False, False, True]
    assert rows.all() == [new]
    assert tables(sql) == [f"index_entries_{new.number}"]


def test_indexes_move_empty_to_another_space(sql: SqlConnection) -> None:
    """Where documents are made afresh, indexes follow, and are complete because nothing is there yet."""
    rows = IndexRows(sql, 1)
    made = add(rows, sql, b"definition")
    rows.move(2)
    assert rows.all() == []
    assert IndexRows(sql, 2).all() == [replace(made, stage=IndexStage.COMPLETE)]
