"""Reading JSON lines."""

import pytest

from syncore.exchange.json_lines import JsonLineReader
from syncore.exchange.rows import MAX_ROW_BYTES, Item, Rejected, Row


def _read(data: bytes, id_field: str | None = None, *, chunk: int = 1 << 20) -> list[Item]:
    reader = JsonLineReader(id_field)
    items = [
        item for start in range(0, len(data), chunk) for item in reader.feed(data[start : start + chunk])
    ]
    items += reader.finish()
    assert reader.lines == len(data.split(b"\n")) - data.endswith(b"\n") - (not data)
    return items


@pytest.mark.parametrize("chunk", [1, 2, 1_000])
def test_lines(chunk: int) -> None:
    """Each line is a document; empty ones, a byte order mark and Windows line ends do not matter, nor does
    how the bytes come in.
    """
    items = _read(b'\xef\xbb\xbf{"$id": "x", "a": 1}\r\n\n  \n{"a": 2}', chunk=chunk)
    assert [(item.number, item.id, item.fields) for item in items if isinstance(item, Row)] == [
        (1, "x", {"a": 1}),
        (4, None, {"a": 2}),
    ]


def test_id_field() -> None:
    """The id can come from a field, which stays in the document."""
    items = _read(b'{"n": 7}\n{"n": "a"}\n', "n")
    assert [(item.id, item.fields) for item in items if isinstance(item, Row)] == [
        ("7", {"n": 7}),
        ("a", {"n": "a"}),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"1",
        b"\xff",
        b'{"n": null}',
        b'{"n": true}',
        b"{}",
        b'{"n": 1, "$x": 1}',
        b" " * (MAX_ROW_BYTES + 1),
    ],
)
def test_bad_line(data: bytes) -> None:
    """A line that holds no document is rejected by its number, and those around it are read."""
    before, bad, after = _read(b'{"n": 1}\n' + data + b'\n{"n": 2}\n', "n", chunk=65_536)
    assert isinstance(bad, Rejected)
    assert (before.number, bad.number, after.number) == (1, 2, 3)
    assert not bad.is_final
