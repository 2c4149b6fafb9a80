"""Documents, their confirmed states, rich updates and clocks."""

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.ports import SqlConnection
from syncore.storage.document_rows import ContestedRow, DocumentRows, ProjectionRow

KEY = DocumentKey("notes", "a")
A, B = Writer(1), Writer(2)


@pytest.fixture
def rows(sql: SqlConnection) -> DocumentRows:
    """The documents of a space, with another space beside it that must never show."""
    other = DocumentRows(sql, 2)
    row = other.add(KEY, b"elsewhere", is_deleted=False)
    other.write_state(row, b"elsewhere")
    return DocumentRows(sql, 1)


def test_a_document_that_was_never_stored(rows: DocumentRows) -> None:
    """There is no row, no projection and nothing to count before the first one is added."""
    assert rows.row_of(KEY) is None
    assert rows.projection(KEY) is None
    assert (rows.count(), rows.collections(), rows.keys(after=0, limit=9)) == (0, [], [])


def test_a_document_is_found_by_its_whole_key(rows: DocumentRows) -> None:
    """Space, collection, id and edition together name a document."""
    keys = [KEY, DocumentKey("notes", "b"), DocumentKey("tasks", "a"), DocumentKey("notes", "a", 1)]
    numbers = [rows.add(key, str(key).encode(), is_deleted=False) for key in keys]
    assert len(set(numbers)) == 4
    for number, key in zip(numbers, keys, strict=True):
        assert rows.row_of(key) == number
        assert rows.key_of(number) == key
        assert rows.projection(key) == str(key).encode()
    assert rows.keys(after=0, limit=3) == list(zip(numbers, keys, strict=True))[:3]
    assert rows.keys(after=numbers[2], limit=9) == [(numbers[3], keys[3])]


def test_deleted_documents_do_not_show(rows: DocumentRows) -> None:
    """A page, a count and the list of collections hold live documents only; the projection stays readable."""
    row = rows.add(KEY, b"1", is_deleted=False)
    assert (rows.count(), rows.collections()) == (1, ["notes"])
    rows.write_projections([(row, b"2", True, 0)])
    assert (rows.count(), rows.collections(), rows.page("notes", after="", limit=9)) == (0, [], [])
    assert rows.projection(KEY) == b"2"
    assert rows.keys(after=0, limit=9) == [(row, KEY)]


def test_pages_follow_the_order_of_ids(rows: DocumentRows) -> None:
    """Pages go on behind the last id, whatever the order in which the documents were made."""
    for id_ in ("c", "a", "ä", "b", "B"):
        rows.add(DocumentKey("notes", id_), id_.encode(), is_deleted=False)
    rows.add(DocumentKey("tasks", "x"), b"x", is_deleted=False)
    first = rows.page("notes", after="", limit=2)
    assert first == [
        ProjectionRow(DocumentKey("notes", "B"), b"B"),
        ProjectionRow(DocumentKey("notes", "a"), b"a"),
    ]
    assert [row.key.id for row in rows.page("notes", after="a", limit=9)] == ["b", "c", "ä"]


def test_a_state_is_replaced(rows: DocumentRows) -> None:
    """A document has no state before something is confirmed, and then the last one."""
    row = rows.add(KEY, b"", is_deleted=False)
    assert rows.state(row) is None
    rows.write_state(row, b"1")
    rows.write_state(row, b"2")
    assert rows.state(row) == b"2"


def test_a_document_without_a_row_for_its_state_is_damaged(sql: SqlConnection, rows: DocumentRows) -> None:
    """A state that cannot be found is not taken for one that was never confirmed."""
    row = rows.add(KEY, b"p", is_deleted=False)
    sql.execute("DELETE FROM states")
    with pytest.raises(IntegrityError, match="not there"):
        rows.state(row)


def test_rich_updates_are_appended_and_folded(rows: DocumentRows) -> None:
    """Updates come back in order; folding replaces them by one, and counting starts again behind it."""
    row = rows.add(KEY, b"", is_deleted=False)
    assert [rows.append_rich(row, bytes([n])) for n in range(3)] == [1, 2, 3]
    assert rows.rich_updates(row) == [b"\x00", b"\x01", b"\x02"]
    rows.fold_rich(row, b"all")
    assert rows.rich_updates(row) == [b"all"]
    assert rows.append_rich(row, b"more") == 1
    assert rows.rich_updates(row) == [b"all", b"more"]


def test_clocks_are_those_of_the_past_that_is_asked_for(rows: DocumentRows) -> None:
    """A clock is looked up as it stood at a segment's end, not as it is now."""
    row = rows.add(KEY, b"", is_deleted=False)
    rows.note_clock(row, A, 2, 10)
    rows.note_clock(row, A, 7, 30)
    rows.note_clock(row, B, 1, 5)
    assert [rows.clock_at(row, A, number) for number in (0, 1, 2, 6, 7, 99)] == [0, 0, 10, 10, 30, 30]
    assert rows.clock_at(row, B, 1) == 5


def test_removing_a_space_leaves_the_others(sql: SqlConnection, rows: DocumentRows) -> None:
    """Nothing of a removed space stays in any table, and nothing of another space goes."""
    row = rows.add(KEY, b"", is_deleted=False)
    rows.write_state(row, b"1")
    rows.append_rich(row, b"2")
    rows.note_clock(row, A, 1, 1)
    rows.remove_space()
    for table in ("documents", "states"):
        assert sql.row(f"SELECT count(*) FROM {table}") == (1,)  # noqa: S608 - names from this test
    for table in ("rich_updates", "rich_clocks"):
        assert sql.row(f"SELECT count(*) FROM {table}") == (0,)  # noqa: S608 - the same
    assert DocumentRows(sql, 2).projection(KEY) == b"elsewhere"


def test_contested_documents_are_found_by_an_index(rows: DocumentRows, sql: SqlConnection) -> None:
    """Listed by collection and id, from a level on, without a look at the others; settled anew they move."""
    other = DocumentRows(sql, 2)
    other.add(DocumentKey("notes", "z"), b"", is_deleted=False, contest=3)
    levels = {"a": 0, "b": 1, "c": 2, "d": 3}
    found = {
        id_: rows.add(DocumentKey("notes", id_), b"", is_deleted=id_ == "d", contest=levels[id_])
        for id_ in levels
    }
    rows.add(DocumentKey("tasks", "a"), b"", is_deleted=False, contest=2)

    def ids(at_least: int, after: str = "") -> list[str]:
        return [row.key.id for row in rows.contested("notes", at_least=at_least, after=after, limit=9)]

    assert (ids(1), ids(2), ids(3), ids(1, "b")) == (["b", "c", "d"], ["c", "d"], ["d"], ["c", "d"])
    assert rows.contested("notes", at_least=1, after="", limit=1) == [
        ContestedRow(DocumentKey("notes", "b"), found["b"], 1)
    ]
    assert rows.contested_collection(after="") == "notes"
    assert rows.contested_collection(after="notes") == "tasks"
    assert rows.contested_collection(after="tasks") is None
    rows.write_projections([(found["c"], b"", False, 0)])
    assert ids(1) == ["b", "d"]


def test_syncores_own_collections_do_not_count(rows: DocumentRows) -> None:
    """Settings are documents that no program has."""
    rows.add(DocumentKey("$settings", "notes"), b"", is_deleted=False)
    rows.add(KEY, b"", is_deleted=False)
    assert (rows.count(), rows.collections()) == (1, ["notes"])
