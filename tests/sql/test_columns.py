"""Names in SQL."""

import pytest

from syncore.sql.columns import clashes, literal, quoted, sql_names


@pytest.mark.parametrize(
    ("names", "taken", "expected"),
    [
        (["b", "a"], [], {"a": "a", "b": "b"}),
        (["x", "X"], [], {"X": "X~1", "x": "x~2"}),
        (["_id"], ["_id"], {"_id": "_id~1"}),
        (["x", "X", "x~2"], [], {"X": "X~1", "x": "x~3", "x~2": "x~2"}),
        (["SQLITE_a"], [], {"SQLITE_a": "~SQLITE_a~1"}),
        (["É", "é"], [], {"É": "É", "é": "é"}),
    ],
)
def test_names_are_told_apart(names: list[str], taken: list[str], expected: dict[str, str]) -> None:
    """Each gets a name of its own, and one that stands alone keeps it."""
    assert sql_names(names, taken) == expected


def test_clashes() -> None:
    """Who asks for a name that several would have is told all of theirs."""
    assert clashes("TITLE", {"Title": "Title~1", "title": "title~2", "a": "a"}) == ["Title~1", "title~2"]
    assert clashes("a", {"a": "a"}) == []


def test_quoting() -> None:
    """Quotes inside names and texts are doubled."""
    assert quoted('a"b') == '"a""b"'
    assert literal("a'b") == "'a''b'"
