"""Tests of syncore.crypto.presence_cipher."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from syncore.core.errors import CryptoError, Malformed, Misused
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.presence_cipher import PADDED_SIZES, open_presence_body, seal_presence_body
from syncore.crypto.sealing import OVERHEAD_BYTES, seal
from syncore.crypto.segment_cipher import open_body
from tests.crypto.vectors import flipped

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "presence.json").read_text(encoding="utf-8"))
KEY = ContentKey(bytes(range(32)))
HEADER = b"the header of a presence message"
NONCE = bytes(range(24))
BODY = seal_presence_body(KEY, b"a cursor", HEADER, NONCE)


@pytest.mark.parametrize("vector", VECTORS["message"], ids=lambda vector: vector["name"])
def test_bodies_are_those_of_the_format(vector: dict[str, Any]) -> None:
    """A golden plaintext seals to the golden body, and that opens to it."""
    key, plain, header, nonce, body = (
        bytes.fromhex(vector[name]) for name in ("content_key", "plain", "header", "nonce", "body")
    )
    assert seal_presence_body(ContentKey(key), plain, header, nonce) == body
    assert open_presence_body(ContentKey(key), body, header) == plain


def test_bodies_have_one_of_three_sizes() -> None:
    """How long a content is shows only as the smallest size that it fits into."""
    smallest, middle, largest = PADDED_SIZES
    for sizes, padded in (
        ((0, 1, smallest - 4), smallest),
        ((smallest - 3, middle - 4), middle),
        ((middle - 3, largest - 4), largest),
    ):
        for size in sizes:
            assert len(seal_presence_body(KEY, bytes(size), HEADER, NONCE)) == padded + OVERHEAD_BYTES
    with pytest.raises(Misused):
        seal_presence_body(KEY, bytes(largest - 3), HEADER, NONCE)


@pytest.mark.parametrize("position", range(len(BODY)))
def test_no_byte_of_a_body_can_be_changed(position: int) -> None:
    """A body with one bit turned over does not open, nor one cut short."""
    with pytest.raises(CryptoError):
        open_presence_body(KEY, flipped(BODY, position, bit=position % 8), HEADER)
    with pytest.raises(CryptoError):
        open_presence_body(KEY, BODY[:position], HEADER)


def test_a_body_is_bound_to_its_key_header_and_purpose() -> None:
    """It does not open under another key or header, nor as a segment's body."""
    for key, header in ((ContentKey(bytes(32)), HEADER), (KEY, HEADER + b"\0"), (KEY, b"")):
        with pytest.raises(CryptoError):
            open_presence_body(key, BODY, header)
    with pytest.raises(CryptoError):
        open_body(KEY, BODY, HEADER, max_plain_bytes=4096)


def test_anything_inside_a_seal_that_holds_is_a_value_or_malformed() -> None:
    """A member who seals other sizes, other padding or noise is found out, and nothing else happens."""
    chance = random.Random(4)
    padded = (8).to_bytes(4, "big") + b"a cursor" + bytes(244)
    insides = [b"", bytes(3), padded[:-1], padded + b"\0", padded[:-1] + b"\1", bytes(1024), bytes(4352)]
    insides[5:] = [inside[:3] + b"\1" + inside[4:] for inside in insides[5:]]
    for inside in insides:
        with pytest.raises(Malformed):
            open_presence_body(KEY, seal_inside(inside), HEADER)
    for _ in range(300):
        try:
            inside = chance.randbytes(chance.choice((4, 256, 1024)))
            opened = open_presence_body(KEY, seal_inside(inside), HEADER)
        except Malformed:
            continue
        assert isinstance(opened, bytes)


def seal_inside(inside: bytes) -> bytes:
    """A body whose seal holds, around whatever a hostile member puts inside."""
    return seal(derive(KEY.secret_bytes(), "presence"), inside, HEADER, NONCE)
