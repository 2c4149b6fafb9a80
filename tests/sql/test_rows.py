"""Rows of a result."""

import pytest

from syncore.sql.rows import SqlRows


def test_rows_are_tuples_with_names() -> None:
    """Values are found by place, by slice and by name; of several columns with one name, the first."""
    rows = SqlRows(("a", "b", "a"), [(1, 2, 3), (4, 5, 6)], is_complete=True)
    assert [len(rows), rows[0][0], rows[-1]["b"], rows[1]["a"]] == [2, 1, 5, 4]
    assert [list(rows[0]), list(rows[0][1:]), rows[0].columns] == [[1, 2, 3], [2, 3], ("a", "b")]
    assert [repr(rows), repr(rows[:1])] == ["[(1, 2, 3), (4, 5, 6)]", "[(1, 2, 3)]"]
    with pytest.raises(KeyError):
        rows[0]["c"]


def test_rows_are_compared_by_value() -> None:
    """A result equals another one, or a list of tuples, with the same values."""
    rows = SqlRows(("a",), [(1,)], is_complete=True)
    assert rows == SqlRows(("b",), [(1,)], is_complete=False) == [(1,)]
    assert rows[0] == rows[0] == (1,)
    assert rows != [(2,)]
    assert rows != 5
    assert rows[0] != 5
