"""Identifiers: writers join two numbers, names are checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import InvalidName
from syncore.core.identifiers import (
    NOT_ADMITTED,
    WRITER_BITS,
    DeviceIndex,
    DocumentKey,
    Dot,
    Incarnation,
    Writer,
    check_name,
    device_index,
    make_writer,
    name_problem,
)
from syncore.core.limits import MAX_DEVICES, MAX_NAME_BYTES


@given(st.integers(0, MAX_DEVICES - 1), st.integers(0, 2**32 - 1))
def test_a_writer_names_its_device(index: int, incarnation: int) -> None:
    """The device can be read off a writer, and a writer fits into 53 bits."""
    writer = make_writer(DeviceIndex(index), Incarnation(incarnation))
    assert (device_index(writer), writer & 0xFFFFFFFF) == (index, incarnation)
    assert 0 <= writer < 1 << WRITER_BITS


def test_a_device_that_is_not_admitted_is_no_writer() -> None:
    """The index that stands for "not yet" makes no writer number."""
    with pytest.raises(AssertionError):
        make_writer(NOT_ADMITTED, Incarnation(0))


@pytest.mark.parametrize("name", ["a", "ä", "a b", "日本", "x" * MAX_NAME_BYTES, "é" * (MAX_NAME_BYTES // 2)])
def test_names_are_printable_and_short(name: str) -> None:
    """What a file could be called can name a document."""
    assert check_name(name, "a name") is name


@pytest.mark.parametrize(
    "name",
    ["", "x" * (MAX_NAME_BYTES + 1), "é" * MAX_NAME_BYTES, "a\x00", "a\n", "\x7f", "\ud800", b"a", 1, None],
)
def test_other_names_are_refused(name: object) -> None:
    """Empty, long, unprintable and undecodable names, and what is no str, raise InvalidName."""
    with pytest.raises(InvalidName):
        check_name(name, "a name")  # type: ignore[arg-type]


@given(st.text(max_size=300))
def test_a_name_is_fine_or_has_a_problem(name: str) -> None:
    """Any text gets a verdict, never an exception."""
    assert isinstance(name_problem(name), str)


def test_dots_and_keys_are_ordered() -> None:
    """Dots sort by writer, then number; keys by collection, id, edition."""
    assert Dot(Writer(1), 9) < Dot(Writer(2), 1) < Dot(Writer(2), 2)
    assert DocumentKey("a", "z") < DocumentKey("b", "a", 0) < DocumentKey("b", "a", 1)
