"""CSV as documents."""

from decimal import Decimal

import pytest

from syncore.core.errors import LocalError, Misused
from syncore.exchange.csv_rows import SAMPLE_RECORDS, CsvReader
from syncore.exchange.rows import Item, Rejected, Row


def _read(data: bytes, reader: CsvReader, *, chunk: int = 1 << 20) -> list[Item]:
    items = [
        item for start in range(0, len(data), chunk) for item in reader.feed(data[start : start + chunk])
    ]
    return [*items, *reader.finish()]


def _error(item: Item) -> LocalError:
    assert isinstance(item, Rejected)
    return item.error


def _rows(items: list[Item]) -> list[tuple[str | None, dict[str, object]]]:
    assert all(isinstance(item, Row) for item in items), items
    return [(item.id, dict(item.fields)) for item in items if isinstance(item, Row)]


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_documents(chunk: int, encoding: str) -> None:
    """Records become documents, in any encoding and with or without a byte order mark."""
    data = 'code,naïve,n\n007,é,1\n1e5,"",\n'.encode(encoding)
    reader = CsvReader(id_field="code", encoding="utf-8" if encoding == "utf-8-sig" else encoding)
    assert _rows(_read(data, reader, chunk=chunk)) == [
        ("007", {"code": "007", "naïve": "é", "n": 1}),
        ("1e5", {"code": "1e5", "naïve": ""}),
    ]


def test_options() -> None:
    """Delimiter, names, types and what is missing can be said."""
    reader = CsvReader(
        delimiter=";", header=["$id", "price", "n"], types={"price": "decimal"}, missing=["NA"]
    )
    assert _rows(_read(b"a;1;NA\nb;2.5;3\n", reader)) == [
        ("a", {"price": Decimal(1)}),
        ("b", {"price": Decimal("2.5"), "n": 3}),
    ]


def test_bad_records() -> None:
    """A record with too few or too many cells, or a cell of another type, is rejected by its line."""
    items = _read(b'a,b\n1,2\n1\n1,2,3\nx,"y"z\n4,5\n', CsvReader(types={"b": "integer"}))
    assert [item.number for item in items] == [2, 3, 4, 5, 6]
    assert [isinstance(item, Rejected) for item in items] == [False, True, True, True, False]
    assert _error(items[1]).message == "1 cells, where the header names 2"


def test_cell_behind_the_sample() -> None:
    """Types are settled by the sample; a later cell that does not fit is named with its column."""
    data = b"a,b\n" + b"1,x\n" * SAMPLE_RECORDS + b"007,x\n"
    *rows, last = _read(data, CsvReader())
    assert len(_rows(rows)) == SAMPLE_RECORDS
    assert _error(last).message.startswith("column 'a': '007' is no integer")


@pytest.mark.parametrize("header", [b"a,a\n", b"a,\n", b'"a\n', b"\xff,a\n", b"a,\x07\n"])
def test_bad_header(header: bytes) -> None:
    """Without a header that names every column once, nothing is read."""
    [only] = _read(header + b"1,2\n", CsvReader())
    assert isinstance(only, Rejected)
    assert only.is_final


def test_wrong_encoding() -> None:
    """Bytes that are not of the encoding end the reading, behind the records before them."""
    first, bad = _read(b"a\nx\n\xe9\ny\n", CsvReader())
    assert _rows([first]) == [(None, {"a": "x"})]
    assert bad.number == 3
    assert "cp1252" in _error(bad).hint


def test_unknown_columns() -> None:
    """A declared column or id that the header does not name is a mistake of the caller."""
    for reader in (CsvReader(types={"b": "string"}), CsvReader(id_field="b")):
        [only] = _read(b"a\n1\n", reader)
        assert isinstance(_error(only), Misused)
    with pytest.raises(Misused):
        CsvReader(encoding="no such")
