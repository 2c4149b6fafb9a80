"""Damaging encodings: whatever a parser is given, it gives a value or a RemoteError."""

import random
from collections.abc import Callable, Iterator
from typing import TypeVar

from syncore.core.errors import RemoteError

Parsed = TypeVar("Parsed")


def assert_total(
    parse: Callable[[bytes], Parsed], encode: Callable[[Parsed], bytes] | None, data: bytes
) -> None:
    """Parse damaged copies of ``data``; what is accepted encodes to the very bytes it came from."""
    for damaged in damage(data):
        try:
            value = parse(damaged)
        except RemoteError:
            continue
        if encode is not None:
            assert encode(value) == damaged, "two encodings of one value"


def damage(data: bytes, rounds: int = 300) -> Iterator[bytes]:
    """Copies with each byte changed, cut at each length, and edited at random; the same ones each time."""
    for position in range(len(data)):
        yield data[:position]
        for value in (0x00, 0x7F, 0x80, 0xC0, 0xCF, 0xFF, data[position] ^ 1, data[position] + 1 & 0xFF):
            yield data[:position] + bytes([value]) + data[position + 1 :]
    yield data + b"\x00"
    source = random.Random(len(data))
    for _ in range(rounds):
        copy = bytearray(data)
        for _ in range(source.randint(1, 4)):
            place = source.randrange(len(copy) + 1)
            copy[place : place + source.randint(0, 3)] = source.randbytes(source.randint(0, 3))
        yield bytes(copy)
