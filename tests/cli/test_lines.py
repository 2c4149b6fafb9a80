"""Reading JSON lines."""

import io

import pytest

from syncore.cli.lines import BATCH_BYTES, BATCH_LINES, MAX_LINE_BYTES, read_batches


def test_lines() -> None:
    """Each line is a document; empty ones, a byte order mark and Windows line ends do not matter."""
    [batch] = read_batches(io.BytesIO(b'\xef\xbb\xbf{"$id": "x", "a": 1}\r\n\n  \n{"a": 2}'), None)
    assert [(line.number, line.id, line.fields) for line in batch.lines] == [
        (1, "x", {"a": 1}),
        (4, None, {"a": 2}),
    ]
    assert (batch.end, batch.failure) == (4, None)


def test_batches() -> None:
    """A batch holds a bounded number of lines and of bytes."""
    count = 2 * BATCH_LINES + 1
    assert [len(batch.lines) for batch in read_batches(io.BytesIO(b"{}\n" * count), None)] == [
        BATCH_LINES,
        BATCH_LINES,
        1,
    ]
    line = b'{"a": "%s"}\n' % (b"x" * (BATCH_BYTES // 2))
    assert [len(batch.lines) for batch in read_batches(io.BytesIO(line * 2), None)] == [1, 1]


def test_id_field() -> None:
    """The id can come from a field, which stays in the document."""
    [batch] = read_batches(io.BytesIO(b'{"n": 7}\n{"n": "a"}\n'), "n")
    assert [(line.id, line.fields) for line in batch.lines] == [("7", {"n": 7}), ("a", {"n": "a"})]


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
        b" " * (MAX_LINE_BYTES + 1),
    ],
)
def test_bad_line(data: bytes) -> None:
    """A line that holds no document ends the reading, with its number and everything before it."""
    *earlier, batch = read_batches(io.BytesIO(b'{"n": 1}\n' + data + b'\n{"n": 2}\n'), "n")
    assert (sum(len(one.lines) for one in [*earlier, batch]), batch.end) == (1, 1)
    assert batch.failure is not None
    assert batch.failure.message.startswith("line 2: ")
