"""Documents as JSON instances."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from syncore.schema.instances import Encoder, in_order, is_plain_number


def test_no_map_of_a_document_can_be_taken_for_a_value_that_json_lacks() -> None:
    """A map with the tag for a key gets another instance than the value that the tag stands for."""
    exotic = Encoder().value(Decimal(1))
    assert exotic == {"\0": "decimal", "value": Decimal(1)}
    assert Encoder().value(dict(exotic)) == {"\0\0": "decimal", "value": exotic}


def test_every_type_has_its_form() -> None:
    """Texts for dates and ids, a character a byte for bytes, and hexadecimal for ints without end."""
    values = [
        datetime(2020, 1, 2, 3, tzinfo=UTC),
        date(2020, 1, 2),
        UUID(int=1),
        b"\xff",
        float("inf"),
        2**5000,
    ]
    forms = [Encoder().value(value) for value in values]
    assert [form["\0"] for form in forms] == ["datetime", "date", "uuid", "bytes", "float", "integer"]
    assert [len(form["value"]) for form in forms] == [25, 10, 36, 1, 3, len(hex(2**5000))]


def test_values_are_counted_with_what_is_inside_them() -> None:
    """The count bounds the work of a schema."""
    encoder = Encoder()
    encoder.document({"a": [1, {"b": 2, "c": [3]}], "d": frozenset({1, 2})})
    assert encoder.count == 2 + 2 + 2 + 1 + 2


def test_sets_of_mixed_elements_have_one_order() -> None:
    """By type, then by value: the same in every process."""
    assert in_order(frozenset({"b", 2, "a", 10, date.min})) == [date.min, 2, 10, "a", "b"]


def test_numbers_that_take_long_to_compare_are_none() -> None:
    """Exponents and lengths are bounded."""
    assert is_plain_number(Decimal("1e900"))
    assert not is_plain_number(Decimal("1e99999"))
    assert not is_plain_number(1 << 5000)
    assert not is_plain_number(float("nan"))
