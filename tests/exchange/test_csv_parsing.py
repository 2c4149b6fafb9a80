"""Reading CSV as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import LocalError, Misused
from syncore.exchange.csv_parsing import MAX_CELLS, CsvParser, Record
from syncore.exchange.csv_writing import encode_record
from syncore.exchange.rows import MAX_ROW_BYTES

_CELLS = st.none() | st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('",;\r\n\t '), max_size=8
)


def _read(text: str, *, delimiter: str = ",", chunk: int = 1 << 20) -> list[Record]:
    parser = CsvParser(delimiter)
    records = [
        record for start in range(0, len(text), chunk) for record in parser.feed(text[start : start + chunk])
    ]
    return [*records, *parser.finish()]


def _problem(record: Record) -> LocalError:
    assert record.problem is not None
    return record.problem


@given(
    st.lists(st.lists(_CELLS, min_size=2, max_size=5), max_size=5),
    st.sampled_from(",;\t|"),
    st.integers(1, 7),
)
def test_round_trip(rows: list[list[str | None]], delimiter: str, chunk: int) -> None:
    """Whatever cells are written, the same cells are read, in pieces of any size."""
    text = b"".join(encode_record(cells, delimiter) for cells in rows).decode()
    assert [record.cells for record in _read(text, delimiter=delimiter, chunk=chunk)] == rows


@given(st.text('ab",;\r\n', max_size=30), st.integers(1, 5))
def test_any_text(text: str, chunk: int) -> None:
    """Any text is read as records or problems, the same in pieces of any size."""
    assert [(one.cells, one.number, one.is_final) for one in _read(text)] == [
        (one.cells, one.number, one.is_final) for one in _read(text, chunk=chunk)
    ]


def test_lines_and_texts() -> None:
    """A record knows the lines that it stands on, and its text; an empty cell is not an empty text."""
    first, second = _read('a,"x\ny ""z""",\r\n\r\n"",2')
    assert (first.cells, first.number, first.end) == (["a", 'x\ny "z"', None], 1, 2)
    assert first.text == 'a,"x\ny ""z""",'
    assert (second.cells, second.number, second.end) == (["", "2"], 4, 4)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('1,a"b', "column 4 (cell 2)", "a quote inside a cell"),
        ('"a"b,1', "column 4 (cell 2)", "text follows the closing quote"),
        ("a\rb,1", "column 2 (cell 1)", "a carriage return"),
        (",".join("x" * (MAX_CELLS + 1)), "", "more than"),
    ],
)
def test_problems(text: str, place: str, what: str) -> None:
    """What does not conform is named with its place, and the records around it are read."""
    before, bad, after = _read(f"p,q\n{text}\nr,s\n")
    message = _problem(bad).message
    assert message.startswith(place)
    assert what in message
    assert (before.cells, bad.cells, bad.number, after.cells) == (["p", "q"], [], 2, ["r", "s"])


def test_never_closed() -> None:
    """A quote that is never closed ends the reading, and the message says where it opened."""
    *_, last = _read('a,b\n1,"x\ny,z\n')
    assert (last.number, last.is_final) == (2, True)
    assert _problem(last).message.startswith("column 3: the quote that opens here is never closed")


def test_bounded() -> None:
    """A record without an end is given up once it is too long to be one."""
    parser = CsvParser()
    found = [record for _ in range(MAX_ROW_BYTES // 100_000 + 1) for record in parser.feed("x" * 100_000)]
    assert [record.is_final for record in found] == [True]
    assert list(parser.finish()) == []


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
def test_delimiters(delimiter: str) -> None:
    """A delimiter that would mean two things is refused."""
    with pytest.raises(Misused):
        CsvParser(delimiter)
