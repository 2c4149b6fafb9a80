"""Checksums on stored blobs, and the types of columns."""

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.ports import SqlValue
from syncore.storage.protection import blob, integer, protect, recover, text


@pytest.mark.parametrize("data", [b"", b"\x00", b"some state", bytes(1000)])
def test_what_was_protected_is_recovered(data: bytes) -> None:
    """A blob gives back exactly what was stored."""
    assert recover(protect(data), what="a test") == data


def test_every_flipped_bit_is_noticed() -> None:
    """No bit of a stored blob, checksum included, can change unnoticed, and the error names the blob."""
    stored = protect(b"a document's state")
    for position in range(len(stored) * 8):
        damaged = bytearray(stored)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(IntegrityError, match="the state of a/b is damaged") as caught:
            recover(bytes(damaged), what="the state of a/b")
        assert caught.value.details == {"what": "the state of a/b"}


def test_every_cut_is_noticed() -> None:
    """A blob that lost its end, or all of it, is damaged."""
    stored = protect(b"a document's state")
    for length in range(len(stored)):
        with pytest.raises(IntegrityError):
            recover(stored[:length], what="it")


@pytest.mark.parametrize("value", [None, 7, 1.5, "text"])
def test_what_is_no_blob_is_damaged(value: SqlValue) -> None:
    """A column of another type than the one written is damage, not an accident of the program."""
    with pytest.raises(IntegrityError):
        recover(value, what="it")
    with pytest.raises(IntegrityError):
        blob(value)


def test_columns_have_the_types_that_were_declared() -> None:
    """Numbers, keys and names come out as what they are, or the file is damaged."""
    assert (integer(3), blob(b"x"), text("x")) == (3, b"x", "x")
    with pytest.raises(IntegrityError):
        integer("3")
    with pytest.raises(IntegrityError):
        text(b"x")
