"""Comparing what is stored with what a query says; the laws: tests/property/test_sql_laws.py."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from syncore.codec.values import Value
from syncore.sql.ordering import compare, sortable
from syncore.sql.representation import to_exact


@pytest.mark.parametrize(
    ("stored", "text", "expected"),
    [
        *((Decimal("5.10"), "5.1", 0), (2**70, "5", 1), (Decimal(5), " 5e0 ", 0), (Decimal(5), "six", -1)),
        *(
            (date(2024, 1, 2), "2024-01-01", 1),
            (date(2024, 1, 2), "2024-01-02", 0),
            (date(2024, 1, 2), "x", -1),
        ),
        *(
            (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01", 0),
            (datetime(2024, 1, 1, tzinfo=UTC), "2024", -1),
        ),
        *((datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:30:00+01:00", 1), ("5", "5", 0), ("a", "b", -1)),
        *((UUID(int=1), "00000000-0000-0000-0000-000000000001", 0), ([1], "[1]", 1), (b"a", "a", 1)),
        (Decimal(1), "1e99999999999999999999", -1),
    ],
)
def test_text_is_read_as_what_it_stands_beside(stored: Value, text: str, expected: int) -> None:
    """A literal beside a number is a number, beside a date a date, and otherwise text; either way round."""
    tagged = to_exact(stored)
    assert tagged is not None
    assert compare(tagged, text) == expected
    assert compare(text, tagged) == -expected


def test_text_beside_text() -> None:
    """Two texts of the query's own compare as texts."""
    assert [compare("10", "9"), compare("a", "a"), compare("b", "a")] == [-1, 0, 1]


def test_numbers_near_each_other() -> None:
    """Sortable keys keep apart what floats cannot, on both sides of nought."""
    numbers = [
        Decimal(sign + digits) for sign in "-" for digits in ("123", "12.300000000000000001", "12.3", "12")
    ]
    numbers += [Decimal(0), Decimal("1E-400"), Decimal(12), Decimal("12.3"), Decimal("12.300000000000000001")]
    keys = [sortable(to_exact(number)) for number in numbers]
    assert keys == sorted(keys, key=lambda key: key or b"")
    assert len(set(keys)) == len(keys)
    assert sortable(None) is None
    assert sortable(12) == sortable(12.0) == sortable(to_exact(Decimal("12.00")))
