"""Schemas in the form in which they are carried out: references replaced, our own keywords spelled out.

A schema is JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12), with two keywords of our own:
``x-type``, the type of a value that JSON lacks, and ``x-kind``, the kind of a field, which stands in the
properties of the whole document (``docs/formats/schemas.md``). What is compiled holds only the standard's
keywords and no reference at all, so carrying it out fetches nothing and always ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from syncore.codec.values import encode_value
from syncore.core.errors import InvalidSchema, InvalidValue
from syncore.core.limits import (
    MAX_PATTERN_CHARACTERS,
    MAX_SCHEMA_BYTES,
    MAX_SCHEMA_PARTS,
    MAX_SCHEMA_PATTERNS,
)
from syncore.schema.instances import EXOTIC_TYPES, TAG, VALUE, Encoder, escaped, is_plain_number

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
EXPECTED: Final = "x-expected"
"""In a compiled part that the schema does not have: what to say when it is not met."""
FIELD_KINDS: Final = ("register", "counter", "set", "text", "list")

_PARTS = frozenset(
    {"not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"}
)
_PARTS_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_NUMERIC = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_LENGTHS = frozenset({"minLength", "maxLength", "pattern"})
_CHOICES = frozenset({"enum", "const"})
_OBJECT = frozenset(
    {"properties", "patternProperties", "additionalProperties", "propertyNames", "unevaluatedProperties"}
    | {"required", "dependentRequired", "dependentSchemas", "minProperties", "maxProperties"}
)
_COUNTS = frozenset(
    {"type", "required", "dependentRequired", "minProperties", "maxProperties", "minItems", "maxItems"}
    | {"uniqueItems", "minContains", "maxContains"}
)
_NOTES = frozenset(
    {
        "$comment",
        "$defs",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    }
    | {"format", "contentEncoding", "contentMediaType", "contentSchema"}
)
"""What says nothing about validity, or is a note by default, as formats are."""
_REFUSED = frozenset(
    {"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"}
)
_NAMES = {
    "decimal": "a Decimal",
    "bytes": "bytes",
    "datetime": "a datetime",
    "date": "a date",
    "uuid": "a UUID",
}
_IS_TAGGED: Mapping[str, Any] = {"type": "object", "required": [TAG]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A schema, ready to be carried out.

    Attributes:
        schema: In the standard's keywords alone.
        kinds: The kinds that fields have to be of, by name.
        parts: How many subschemas it has.
    """

    schema: dict[str, Any]
    kinds: Mapping[str, str]
    parts: int


def compile_schema(schema: Mapping[str, object]) -> Compiled:
    """Check a schema and bring it into the form in which it is carried out.

    Raises:
        InvalidSchema: it is none, it refers to something outside of itself or to itself, or it is over a
            limit.
    """
    encode_schema(schema)
    _check_numbers(schema)
    if schema.get("$schema", DIALECT) != DIALECT:
        raise InvalidSchema(f"a schema is JSON Schema 2020-12, not {str(schema['$schema'])[:80]!r}")
    compiler = _Compiler(schema)
    compiled = compiler.part(schema, (), is_document=True)
    assert isinstance(compiled, dict)
    return Compiled(schema=compiled, kinds=_kinds(schema), parts=compiler.parts)


@dataclass(slots=True)
class _Compiler:
    """One schema on its way.

    Attributes:
        root: The schema, which references point into.
        parts: Subschemas so far.
        patterns: Regular expressions so far.
    """

    root: Mapping[str, object]
    parts: int = 0
    patterns: int = 0
    encoder: Encoder = field(default_factory=Encoder)

    def part(
        self, schema: object, within: tuple[str, ...], *, is_document: bool = False
    ) -> dict[str, Any] | bool:
        """A subschema; ``within`` are the references that led to it."""
        self.parts += 1
        if self.parts > MAX_SCHEMA_PARTS:
            raise InvalidSchema(
                f"the schema has more than {MAX_SCHEMA_PARTS} parts with what its references stand for"
            )
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict | Mapping):
            raise InvalidSchema(f"a schema is a map, not {type(schema).__name__}")
        if "x-type" in schema:
            return self._exotic(schema)
        compiled = self._keywords(schema, within)
        return compiled if is_document else _beside_exotic(schema, compiled)

    def _keywords(self, schema: Mapping[str, Any], within: tuple[str, ...]) -> dict[str, Any]:
        compiled: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in _REFUSED:
                raise InvalidSchema(f"{keyword} is not supported in schemas", hint="use $defs and $ref")
            if keyword in _PARTS or keyword in _PARTS_UNEVALUATED:
                compiled[keyword] = self.part(value, within)
            elif keyword in _LISTS:
                compiled[keyword] = [self.part(one, within) for one in _as_list(keyword, value)]
            elif keyword in _MAPS:
                compiled[keyword] = self._map(keyword, _as_map(keyword, value), within)
            elif keyword == "pattern":
                compiled[keyword] = self._pattern(value)
            elif keyword in _CHOICES:
                compiled[keyword] = self.encoder.value(value)
            elif keyword in _NUMERIC or keyword in _LENGTHS or keyword in _COUNTS:
                compiled[keyword] = value
            elif keyword != "$ref" and keyword not in _NOTES and not _is_own(keyword):
                raise InvalidSchema(
                    f"{keyword[:80]!r} is no keyword of JSON Schema 2020-12",
                    hint="names that begin with x- are free for notes of your own",
                )
        if "$ref" in schema:
            return {"allOf": [self._referred(schema["$ref"], within), compiled]}
        return compiled

    def _map(self, keyword: str, parts: Mapping[str, object], within: tuple[str, ...]) -> dict[str, Any]:
        if keyword == "patternProperties":
            return {self._pattern(pattern): self.part(part, within) for pattern, part in parts.items()}
        return {escaped(name): self.part(part, within) for name, part in parts.items()}

    def _pattern(self, pattern: object) -> str:
        self.patterns += 1
        if self.patterns > MAX_SCHEMA_PATTERNS:
            raise InvalidSchema(f"a schema has at most {MAX_SCHEMA_PATTERNS} patterns")
        if type(pattern) is not str or len(pattern) > MAX_PATTERN_CHARACTERS:
            raise InvalidSchema(f"a pattern is a str of at most {MAX_PATTERN_CHARACTERS} characters")
        return pattern

    def _referred(self, reference: object, within: tuple[str, ...]) -> dict[str, Any] | bool:
        if type(reference) is not str or not reference.startswith("#/"):
            raise InvalidSchema(
                f"{str(reference)[:80]!r} is outside of the schema", hint="a $ref begins with #/$defs/"
            )
        if reference in within:
            raise InvalidSchema(
                f"the schema contains itself at {reference[:80]}",
                hint="keep what is nested without end in documents of their own",
            )
        found: object = self.root
        for step in reference[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise InvalidSchema(f"nothing is at {reference[:80]}")
            found = found[name]
        return self.part(found, (*within, reference))

    def _exotic(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The type of a value that JSON lacks: it stands in the instance with its tag."""
        name = schema["x-type"]
        if name not in EXOTIC_TYPES:
            raise InvalidSchema(f"there is no x-type {str(name)[:80]!r}", hint=", ".join(EXOTIC_TYPES))
        allowed = _NUMERIC if name == "decimal" else _LENGTHS if name == "bytes" else frozenset[str]()
        constraints: dict[str, Any] = {}
        choices: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in _CHOICES:
                choices[keyword] = self.encoder.value(value)
            elif keyword in allowed:
                constraints[keyword] = self._pattern(value) if keyword == "pattern" else value
            elif keyword not in _NOTES and not _is_own(keyword):
                raise InvalidSchema(f"{keyword[:80]!r} does not go with the x-type {name}")
        if constraints and name == "decimal":
            constraints["type"] = "number"  # a NaN is none, and no limit holds for it
        properties = {TAG: {"const": name, EXPECTED: _NAMES[name]}, VALUE: constraints}
        return {"type": "object", "properties": properties, **choices, EXPECTED: _NAMES[name]}


def _beside_exotic(schema: Mapping[str, Any], compiled: dict[str, Any]) -> dict[str, Any]:
    """A subschema that knows what a value that JSON lacks is to it: a Decimal a number, none a map."""
    declared = schema.get("type")
    types = {declared} if isinstance(declared, str) else set(declared) if isinstance(declared, list) else None
    numeric = {keyword: schema[keyword] for keyword in _NUMERIC if keyword in schema}
    if types is None:
        if numeric:
            is_decimal = {"properties": {TAG: {"const": "decimal"}}}
            then: dict[str, Any] | bool = {"if": is_decimal, "then": {"properties": {VALUE: numeric}}}
        elif _OBJECT.isdisjoint(schema):
            return compiled
        else:
            then = True
    elif "number" in types:
        number = {"type": "number", **numeric} if numeric else {}
        then = {"properties": {TAG: {"const": "decimal", EXPECTED: "a number"}, VALUE: number}}
    elif "object" in types:
        then = {"not": {}, EXPECTED: "an object"}
    else:
        return compiled
    return {"if": _IS_TAGGED, "then": then, "else": compiled}


def _kinds(schema: Mapping[str, Any]) -> dict[str, str]:
    """The kinds of fields that the properties of a document ask for."""
    kinds = {}
    for name, part in _as_map("properties", schema.get("properties", {})).items():
        if isinstance(part, Mapping) and "x-kind" in part:
            if part["x-kind"] not in FIELD_KINDS:
                raise InvalidSchema(
                    f"there is no x-kind {str(part['x-kind'])[:80]!r}", hint=", ".join(FIELD_KINDS)
                )
            kinds[name] = part["x-kind"]
    return kinds


def _is_own(keyword: str) -> bool:
    return keyword.startswith("x-") or keyword == "$schema"


def _as_list(keyword: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidSchema(f"{keyword} is a list of schemas, not {type(value).__name__}")
    return value


def _as_map(keyword: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidSchema(f"{keyword} is a map of schemas, not {type(value).__name__}")
    return value


def encode_schema(schema: Mapping[str, object]) -> bytes:
    """The canonical bytes of a schema.

    Raises:
        InvalidSchema: it cannot be kept, or is too large.
    """
    try:
        encoded = encode_value(schema)
    except InvalidValue as error:
        raise InvalidSchema(f"the schema cannot be kept: {error.message}", hint=error.hint) from error
    if len(encoded) > MAX_SCHEMA_BYTES:
        raise InvalidSchema(f"the schema takes {len(encoded)} bytes; {MAX_SCHEMA_BYTES} are allowed")
    return encoded


def _check_numbers(value: object) -> None:
    """Refuse numbers that JSON does not have, or that take very long to compare; the depth is bounded."""
    if isinstance(value, dict):
        for item in value.values():
            _check_numbers(item)
    elif isinstance(value, list):
        for item in value:
            _check_numbers(item)
    elif type(value) in {int, float, Decimal} and not is_plain_number(value):
        raise InvalidSchema("a number in the schema is no number to JSON, or very long")
