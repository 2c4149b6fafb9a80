"""How values stand in SQL, one by one; the laws: tests/property/test_sql_laws.py."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from syncore.documents.projection import FieldValue
from syncore.sql.representation import DECIMAL, TEXT, Sort, from_sql, plain_text, sort_of, to_exact, to_plain


@pytest.mark.parametrize(
    ("value", "sort", "plain", "shown"),
    [
        (None, Sort.NOTHING, True, None),
        (True, Sort.NUMBER, True, "1"),
        (-5, Sort.NUMBER, True, "-5"),
        (2**63, Sort.EXACT, False, "9223372036854775808"),
        (0.1, Sort.NUMBER, True, "0.1"),
        (math.inf, Sort.NUMBER, True, "9e999"),
        (math.nan, Sort.EXACT, False, "nan"),
        (Decimal("5.10"), Sort.EXACT, False, "5.10"),
        ("a", Sort.TEXT, True, "a"),
        (b"\x01", Sort.BYTES, True, "01"),
        (date(2024, 1, 2), Sort.EXACT, False, "2024-01-02"),
        (datetime(2024, 1, 2, tzinfo=UTC), Sort.EXACT, False, "2024-01-02T00:00:00Z"),
        ([1, Decimal(2)], Sort.STRUCTURE, False, '[1,{"$decimal":"2"}]'),
        ({"a": None}, Sort.STRUCTURE, False, '{"a":null}'),
        (frozenset({"b", "a"}), Sort.STRUCTURE, False, '["a","b"]'),
    ],
    ids=lambda one: repr(
        sorted(one) if isinstance(one, frozenset) else one
    ),  # sets are written in another order in each process
)
def test_forms(value: FieldValue, sort: Sort, plain: bool, shown: str | None) -> None:  # noqa: FBT001 - a case
    """A value is SQLite's own where it can be, and otherwise text that people and SQLite can read."""
    assert sort_of(value) is sort
    assert (to_plain(value) == value) is plain
    assert plain_text(to_exact(value)) == shown


def test_text_that_ends_in_a_tag() -> None:
    """Text that looks like something else by chance stays text."""
    assert from_sql(to_plain("5.10" + DECIMAL)) == "5.10" + DECIMAL
    assert from_sql(to_plain("x" + TEXT)) == "x" + TEXT


def test_text_that_a_query_made() -> None:
    """Text with a tag behind it that says something else keeps its words."""
    assert from_sql("USD 5.10" + DECIMAL) == "USD 5.10"
    assert from_sql("USD") == "USD"
    assert from_sql(7) == 7
