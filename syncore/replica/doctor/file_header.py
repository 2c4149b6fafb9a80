"""The first 100 bytes of the file (https://www.sqlite.org/fileformat.html#the_database_header)."""

from collections.abc import Iterator
from typing import NamedTuple

from syncore.replica.doctor.findings import Finding, Mend
from syncore.storage.schema import APPLICATION_ID, FORMAT

HEADER_BYTES = 100
_TOLERATED = 4
"""Fields that may be wrong before we suppose that the file was never one of ours."""


_FORMAT_PLACE = 60


class _Field(NamedTuple):
    start: int
    end: int
    name: str
    expected: tuple[bytes, ...]


_FIELDS = (
    _Field(0, 16, "the name of the format", (b"SQLite format 3\0",)),
    _Field(16, 18, "the page size", (b"\x10\0",)),
    _Field(18, 20, "how it is written and read", (b"\2\2", b"\1\1")),
    _Field(20, 24, "the layout of pages", (b"\0\x40\x20\x20",)),
    _Field(44, 48, "the format of the schema", (b"\0\0\0\4",)),
    _Field(52, 56, "the largest root page", (bytes(4),)),
    _Field(56, 60, "the encoding of text", (b"\0\0\0\1",)),
    _Field(60, 64, "the format of the replica", tuple(n.to_bytes(4, "big") for n in range(1, FORMAT + 1))),
    _Field(64, 68, "the vacuum mode", (bytes(4),)),
    _Field(68, 72, "the mark of a replica", (APPLICATION_ID.to_bytes(4, "big"),)),
    _Field(72, 92, "the reserved part", (bytes(20),)),
)


def is_ours(header: bytes) -> bool:
    """Whether this was a replica's header before a few bits of it changed."""
    return len(header) == HEADER_BYTES and len(list(_wrong(header))) <= _TOLERATED


def mended(header: bytes) -> bytes:
    """The header with what is wrong in it put right."""
    fixed = bytearray(header)
    for one in _wrong(header):
        fixed[one.start : one.end] = one.expected[-1 if one.start == _FORMAT_PLACE else 0]
    return bytes(fixed)


def examine_header(header: bytes) -> Iterator[Finding]:
    """Fields that have one right value in every replica file."""
    for one in _wrong(header):
        yield Finding(
            examination="header",
            table="header",
            row=f"bytes {one.start} to {one.end - 1}",
            what=f"{one.name} is not that of a replica",
            mend=Mend.ROWS,
        )


def _wrong(header: bytes) -> Iterator[_Field]:
    for one in _FIELDS:
        if header[one.start : one.end] not in one.expected:
            yield one
