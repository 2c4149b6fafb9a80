"""Shared parts of formats: elements, dots, vectors."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import InvalidValue, Malformed
from syncore.core.identifiers import Dot
from syncore.documents.structures import (
    Cancelled,
    as_cancelled,
    as_dots,
    as_encoded_integer,
    as_vector,
    decode_element,
    encode_element,
    pack_cancelled,
    pack_dots,
    pack_vector,
)
from tests.documents.worlds import writer


@pytest.mark.parametrize("element", ["a", "", 0, -(2**100), b"\x00", UUID(int=5), date(2024, 2, 29)])
def test_elements_round_trip(element: object) -> None:
    """What a set may hold comes back with its type."""
    decoded = decode_element(encode_element(element))
    assert (decoded, type(decoded)) == (element, type(element))


@pytest.mark.parametrize("element", [None, True, 1.0, datetime(2024, 1, 1, tzinfo=UTC), [1], {"a": 1}, (1,)])
def test_what_compares_unlike_elsewhere_is_no_element(element: object) -> None:
    """A set refuses what equals something of another type, or what cannot be hashed."""
    with pytest.raises(InvalidValue, match="a set cannot hold"):
        encode_element(element)


def test_values_that_are_no_elements_do_not_decode_as_one() -> None:
    """A peer cannot put a float, a boolean or a datetime into a set."""
    for value in (1.5, False, None, datetime(2024, 1, 1, tzinfo=UTC), [1]):
        with pytest.raises(Malformed):
            decode_element(encode_value(value))


def test_dots_and_vectors_round_trip() -> None:
    """Flat arrays of pairs come back as what they were."""
    dots = (Dot(writer(1), 2), Dot(writer(1), 3), Dot(writer(2), 1))
    assert as_dots(tuple(pack_dots(dots)), what="dots") == dots  # type: ignore[arg-type]
    vector = {writer(2): 1, writer(1): 9}
    assert as_vector(tuple(pack_vector(vector)), what="a vector") == vector  # type: ignore[arg-type]
    assert pack_vector(vector) == [writer(1), 9, writer(2), 1]


@pytest.mark.parametrize(
    "flat", [(5,), (5, 0), (5, True), (True, 1), (5, 1, 5, 2), (6, 1, 5, 1), (2**53, 1), None]
)
def test_other_vectors_are_refused(flat: object) -> None:
    """A vector is sorted, names nobody twice, and has no zeros."""
    with pytest.raises(Malformed):
        as_vector(flat, what="a vector")  # type: ignore[arg-type]


def test_cancelled_totals_round_trip_at_any_size() -> None:
    """Totals beyond 64 bits are kept."""
    for total in (0, -1, 2**64, -(2**2000)):
        part = Cancelled(writer(1), 4, total)
        assert as_cancelled(tuple(pack_cancelled(part))) == part  # type: ignore[arg-type]


def test_encoded_integers_are_bounded() -> None:
    """An integer of more bits than allowed is refused."""
    assert as_encoded_integer(encode_value(255), what="it", max_bits=8) == 255
    with pytest.raises(Malformed, match="at most 8 bits"):
        as_encoded_integer(encode_value(256), what="it", max_bits=8)
