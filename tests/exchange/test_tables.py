"""Documents as tables; with the real libraries, where they are installed."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from syncore import Counter, Misused, Replica, Set, Text
from syncore.core.identifiers import PRIVATE_SPACE, DocumentKey
from syncore.documents.projection import FieldValue, Projection
from syncore.exchange import tables
from syncore.exchange.tables import JSON_MARK, TableBuilder
from syncore.replica.views import Document

BERLIN = ZoneInfo("Europe/Berlin")
WINTER = datetime(2026, 1, 31, 12, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)


def document(id_: str, values: Mapping[str, FieldValue]) -> Document:
    """A document as it was read."""
    projection = Projection(vector={}, values=values, kinds={}, conflicts=(), is_deleted=False)
    return Document(PRIVATE_SPACE, DocumentKey("notes", id_), projection)


@pytest.mark.parametrize(
    ("values", "type_", "cells"),
    [
        ([1, None, -(2**63)], "int64", [1, None, -(2**63)]),
        ([1, 2**63], "decimal128(19, 0)", [Decimal(1), Decimal(2**63)]),
        ([10**50], "decimal256(51, 0)", [Decimal(10**50)]),
        ([1, 0.5], "double", [1.0, 0.5]),
        ([Decimal("1.50"), 20, Decimal("1E+2")], "decimal128(5, 2)", [Decimal("1.50"), Decimal(20),
        Decimal(100)]), ([True, None], "bool", [True, None]),
        (["a", ""], "string", ["a", ""]),
        ([b"\x00"], "binary", [b"\x00"]),
        ([date(2026, 1, 31)], "date32[day]", [date(2026, 1, 31)]),
        ([UUID(int=1)], "string", [str(UUID(int=1))]),
        ([WINTER, AUTUMN], "timestamp[us, tz=Europe/Berlin]", [WINTER, AUTUMN]),
        ([WINTER, WINTER.astimezone(UTC)], "timestamp[us, tz=UTC]", [WINTER, WINTER]),
        (
            [datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5)))],
            "timestamp[us, tz=-05:00]",
            [datetime(2026, 1, 1, 5, tzinfo=UTC)],
        ),
        ([[1], None, []], "list<item: int64>", [[1], None, []]),
        ([frozenset({"b", "a"})], "list<item: string>", [["a", "b"]]),
        ([{"a": 1}, {"b": ["x"]}], "struct<a: int64, b: list<item: string>>",
         [{"a": 1, "b": None}, {"a": None, "b": ["x"]}]),
        ([None], "null", [None]),
    ],
)  # fmt: skip
def test_types(values: list[FieldValue], type_: str, cells: list[object]) -> None:
    """Every kind of value has a column type that keeps it."""
    pytest.importorskip("pyarrow")
    builder = TableBuilder(None)
    for number, value in enumerate(values):
        builder.add(document(str(number), {"x": value}))
    table = builder.table()
    assert str(table.schema.field("x").type) == type_
    assert table.column("x").to_pylist() == cells
    assert table.column("$id").to_pylist() == [str(number) for number in range(len(values))]


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        [True, 1],
        [0.5, 2**53 + 1],
        [10**80],
        [Decimal("nan")],
        [[1], [["a"]]],
        [{}],
        [0.5, Decimal(1)],
    ],
)
def test_mixtures(values: list[FieldValue]) -> None:
    """What no one type holds is JSON, and marked as that."""
    pytest.importorskip("pyarrow")
    builder = TableBuilder(None)
    for number, value in enumerate(values):
        builder.add(document(str(number), {"x": value}))
    table = builder.table()
    assert table.schema.field("x").metadata == JSON_MARK
    assert len([json.loads(cell) for cell in table.column("x").to_pylist()]) == len(values)


@pytest.mark.anyio
async def test_collection(tmp_path: Path) -> None:
    """A collection becomes a table or a frame by one call; absent fields are null, and ints stay ints."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    async with Replica.open(tmp_path / "r.db", keystore=tmp_path / "keys", sync=False) as replica:
        films = replica.collection("films")
        await films.insert({"n": Counter(2), "t": Text("é"), "s": Set({1}), "year": 1979}, id="a")
        await films.insert({"gross": Decimal("1.50")}, id="b")
        table = await films.to_arrow()
        assert table.column_names == ["$id", "gross", "n", "s", "t", "year"]
        assert table.column("year").to_pylist() == [1979, None]
        frame = await films.to_pandas(fields=["year", "none"])
        assert [str(one) for one in frame.dtypes] == ["string[pyarrow]", "int64[pyarrow]", "null[pyarrow]"]
        assert frame["year"].dropna().to_list() == [1979]
        assert (await replica.collection("nothing").to_arrow()).num_rows == 0


@pytest.mark.parametrize(("library", "extra"), [("pyarrow", "arrow"), ("pandas", "pandas")])
def test_not_installed(library: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the error says how to install it."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Misused, match=f"needs {library}") as caught:
        tables.require(library, extra)
    assert caught.value.hint == f'pip install "syncore[{extra}]"'
