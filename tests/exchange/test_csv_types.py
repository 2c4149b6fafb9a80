"""What cells stand for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import InvalidValue, Misused
from syncore.documents.changes import Counter, Text
from syncore.exchange.csv_types import cell_text, declared_type, inferred_type
from syncore.exchange.json_forms import shown_value


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["1", "-20", "0", None], "integer"),
        (["1", "007"], "string"),
        (["1", "1e5"], "string"),
        (["+1"], "string"),
        (["9223372036854775808"], "decimal"),
        (["1", "2.5"], "number"),
        (["0.5", "12.50"], "decimal"),
        ([".5"], "string"),
        (["1", ""], "string"),
        (["true", "false"], "boolean"),
        (["true", "TRUE"], "string"),
        (["2026-01-31"], "date"),
        (["2026-02-30"], "string"),
        (["20260131", "2026-01-31"], "string"),
        (["2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00"], "datetime"),
        (["2026-01-31T12:00:00"], "string"),
        (["2026-01-31 12:00:00Z"], "string"),
        ([None, None], "string"),
        (["nan"], "string"),
    ],
)
def test_inference(cells: list[str | None], name: str) -> None:
    """The type of a column is the first in which every cell is written exactly so."""
    assert inferred_type(cells).name == name


@given(st.lists(st.text("0123456789-+.eE:TZtrufals ", min_size=1, max_size=12), min_size=1, max_size=4))
def test_inference_loses_nothing(cells: list[str]) -> None:
    """Whatever is inferred, each cell of the sample is written back to the same characters."""
    found = inferred_type(cells)
    assert [cell_text(shown_value(found.value(cell)), None) for cell in cells] == cells


def test_behind_the_sample() -> None:
    """A later cell of another type is an error that says how to declare the column."""
    with pytest.raises(InvalidValue, match="'007' is no integer") as caught:
        inferred_type(["1"]).value("007")
    assert "declare" in caught.value.hint


@pytest.mark.parametrize(
    ("type_", "cell", "value"),
    [
        ("string", " 1 ", " 1 "),
        (int, "+007", 7),
        (float, "1e3", 1000.0),
        (Decimal, "1.50", Decimal("1.50")),
        (bool, "Yes", True),
        (date, "2026-01-31", date(2026, 1, 31)),
        ("datetime", "2026-01-31 12:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (
            "datetime:Europe/Berlin",
            "2026-01-31T12:00",
            datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
        (
            "datetime",
            "2026-01-31T12:00:00+01:00[Europe/Berlin]",
            datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
        (UUID, "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        (bytes, "AP8=", b"\x00\xff"),
        ("json", '{"a": [1]}', {"a": [1]}),
        ("counter", "3", Counter(3)),
        ("text", "x", Text("x")),
    ],
)
def test_declared(type_: str | type, cell: str, value: object) -> None:
    """A declared column is read as what it was declared."""
    found = declared_type(type_).value(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        ("integer", "1.0"),
        ("number", "1_0"),
        ("number", "1e999"),
        ("decimal", "1,5"),
        ("boolean", "maybe"),
        ("date", "31.1.2026"),
        ("datetime", "2026-01-31T12:00"),
        ("uuid", "x"),
        ("bytes", "?"),
        ("json", "{"),
    ],
)
def test_not_of_the_type(type_: str, cell: str) -> None:
    """A cell that is not of the declared type is refused."""
    with pytest.raises(InvalidValue, match=f"is no {type_}"):
        declared_type(type_).value(cell)


@pytest.mark.parametrize("type_", ["money", "datetime:Mars", "", object])
def test_no_type(type_: str | type) -> None:
    """A type that there is not is refused."""
    with pytest.raises(Misused):
        declared_type(type_)
