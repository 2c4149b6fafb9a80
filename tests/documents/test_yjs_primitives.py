"""Scalars of the Yjs update format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import Malformed
from syncore.documents.yjs_primitives import MAX_CLIENT, UpdateReader, utf16_length, write_bytes, write_number


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_numbers_come_back(numbers: list[int]) -> None:
    """A written number is read again, and nothing is left over."""
    out = bytearray()
    for number in numbers:
        write_number(out, number)
    reader = UpdateReader(bytes(out))
    assert [reader.read_number(2**63) for _ in numbers] == numbers
    reader.expect_end()


@given(st.lists(st.sampled_from([0, 127, 128, 2**32, MAX_CLIENT, MAX_CLIENT - 1])))
def test_client_ids_come_back(clients: list[int]) -> None:
    """Recognising the last client id by its bytes never changes what is read."""
    out = bytearray()
    for client in clients:
        write_number(out, client)
    reader = UpdateReader(bytes(out))
    assert [reader.read_client() for _ in clients] == clients


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80", b"\x80\x00", b"\xff\x80\x00", b"\x80" * 8 + b"\x00", b"\x80" * 9 + b"\x01", b"\xff" * 40],
)
def test_a_number_has_one_encoding(data: bytes) -> None:
    """A number that is cut short, padded or endless is refused."""
    with pytest.raises(Malformed):
        UpdateReader(data).read_number(2**70)


def test_a_number_over_its_maximum_is_refused() -> None:
    """The maximum itself is still read."""
    assert UpdateReader(b"\x80\x01").read_number(128) == 128
    with pytest.raises(Malformed):
        UpdateReader(b"\x80\x01").read_number(127)


@pytest.mark.parametrize("data", [b"\x02a", b"\x05", b"\xff\xff\xff\xff\x0f"])
def test_byte_strings_end_within_the_data(data: bytes) -> None:
    """A byte string that claims more than there is is refused."""
    with pytest.raises(Malformed):
        UpdateReader(data).read_bytes()


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_text_is_utf8(text: bytes) -> None:
    """Bytes that are not UTF-8, surrogates and overlong forms included, are no text."""
    out = bytearray()
    write_bytes(out, text)
    with pytest.raises(Malformed):
        UpdateReader(bytes(out)).read_text()


@pytest.mark.parametrize(("text", "length"), [("", 0), ("ab", 2), ("é", 1), ("😀", 2), ("a😀é", 4)])
def test_lengths_count_utf16_units(text: str, length: int) -> None:
    """A character beyond U+FFFF counts twice."""
    assert utf16_length(text) == length
