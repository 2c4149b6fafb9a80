"""Schemas in the form in which they are carried out."""

from decimal import Decimal

from syncore.schema.compiling import compile_schema, encode_schema


def test_references_are_replaced_and_notes_left_out() -> None:
    """What is compiled holds no reference, and nothing that says nothing."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Film",
        "properties": {"a": {"$ref": "#/$defs/a~1b", "minLength": 1, "default": "x"}},
        "$defs": {"a/b": {"type": "string", "format": "email"}},
    }
    compiled = compile_schema(schema)
    assert compiled.schema == {"properties": {"a": {"allOf": [{"type": "string"}, {"minLength": 1}]}}}
    assert compiled.parts == 3


def test_kinds_are_those_of_the_documents_own_fields() -> None:
    """A kind inside of a value says nothing: values have no kinds."""
    nested = {"properties": {"b": {"x-kind": "set"}}}
    schema = {"properties": {"a": {"x-kind": "counter"}, "nested": nested, "c": True}}
    assert compile_schema(schema).kinds == {"a": "counter"}


def test_a_schema_has_one_encoding() -> None:
    """The order of its keys says nothing; the type of a number does."""
    assert encode_schema({"minimum": 1, "maximum": 2}) == encode_schema({"maximum": 2, "minimum": 1})
    assert encode_schema({"minimum": 1}) != encode_schema({"minimum": Decimal(1)})
