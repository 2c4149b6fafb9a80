"""How parsers are fuzzed: whole and byte by byte. Each gives a value or a RemoteError, nothing else."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from syncore.core.errors import RemoteError

T = TypeVar("T")


def check_parser(parse: Callable[[bytes], object], data: bytes) -> None:
    """The parser gives a value or a RemoteError."""
    try:
        parse(data)
    except RemoteError:
        return


def check_canonical(parse: Callable[[bytes], T], encode: Callable[[T], bytes], data: bytes) -> None:
    """The parser gives a RemoteError, or a value whose only encoding is what was parsed."""
    try:
        value = parse(data)
    except RemoteError:
        return
    assert encode(value) == data


def check_every_byte(parse: Callable[[bytes], object], data: bytes, *, most_positions: int = 400) -> None:
    """No proper prefix parses; every byte replaced by telling values gives a value or a RemoteError."""
    step = max(1, len(data) // most_positions)
    for position in range(0, len(data), step):
        with pytest.raises(RemoteError):
            parse(data[:position])
        for byte in (0x00, 0x01, 0x7F, 0x80, 0xC0, 0xC1, 0xDD, 0xFF, data[position] ^ 1):
            check_parser(parse, data[:position] + bytes([byte]) + data[position + 1 :])
    with pytest.raises(RemoteError):
        parse(data + b"\x00")
