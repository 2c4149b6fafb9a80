"""The errors of jsonschema_rs as problems that a person understands.

Owns the words. Paths and values are those of the document itself, not of the instance that was made of it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jsonschema_rs

from syncore.core.problems import MISSING, Problem
from syncore.schema.compiling import EXPECTED
from syncore.schema.instances import TAG, VALUE, in_order

_SHOWN_CHARACTERS = 200
_SHOWN_CHOICES = 12
_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "an array",
    "object": "an object",
}
_MANY = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
_UNITS = {"Length": "characters", "Items": "items", "Properties": "entries"}

Error = jsonschema_rs.ValidationError


def problems_of(
    errors: Iterable[Error], schema: Mapping[str, Any], values: Mapping[str, object]
) -> Iterable[Problem]:
    """The problems that errors tell of.

    Args:
        errors: What the compiled schema finds wrong.
        schema: The compiled schema.
        values: The document.
    """
    for error in errors:
        yield from _problems(error, schema, values)


def _problems(error: Error, schema: Mapping[str, Any], values: Mapping[str, object]) -> Iterable[Problem]:
    path, value = _place(error.instance_path, values)
    kind = error.kind
    match kind.name:
        case "required":
            yield Problem((*path, _unescaped(kind.as_dict()["property"])), MISSING, "a value")
        case "additionalProperties" | "unevaluatedProperties":
            for name in kind.as_dict()["unexpected"]:
                key = _unescaped(name)
                there = value.get(key, MISSING) if isinstance(value, Mapping) else MISSING
                yield Problem((*path, key), there, "nothing here")
        case "anyOf" | "oneOf" if "context" in kind.as_dict():
            yield from _alternatives(error, path, value, schema, values)
        case _:
            yield Problem(path, value, _annotation(error.schema_path, schema) or _expected(error))


def _alternatives(
    error: Error,
    path: tuple[str | int, ...],
    value: object,
    schema: Mapping[str, Any],
    values: Mapping[str, object],
) -> Iterable[Problem]:
    """What is wrong where one of several parts has to hold: of the one that was meant, if any."""
    branches = [
        (branch, [problem for inner in branch for problem in _problems(inner, schema, values)])
        for branch in error.kind.as_dict()["context"]
    ]
    meant = [
        told
        for branch, told in branches
        if told and not any(_is_of_another_type(inner, error, schema) for inner in branch)
    ]
    if len(meant) == 1:
        yield from meant[0]
    elif not meant and any(told for _, told in branches):
        words = dict.fromkeys(told[0].expected for _, told in branches if told)
        yield Problem(path, value, " or ".join(words)[:_SHOWN_CHARACTERS])
    else:
        what = "exactly one" if error.kind.name == "oneOf" else "one"
        yield Problem(path, value, f"what fits {what} of several alternatives")


def _is_of_another_type(inner: Error, error: Error, schema: Mapping[str, Any]) -> bool:
    """Whether a branch fails because the value is of a type that the branch is not about."""
    depth = len(error.instance_path)
    if inner.instance_path[:depth] != error.instance_path:
        return False
    rest = inner.instance_path[depth:]
    is_there = not rest or rest == [TAG]
    return is_there and (
        inner.kind.name in {"type", "constant", "const"} or bool(_annotation(inner.schema_path, schema))
    )


def _annotation(path: Iterable[str | int], schema: Mapping[str, Any]) -> str:
    """What the compiled part that an error comes from says of itself; empty if the schema has it."""
    node: Any = schema
    *steps, _ = path
    for step in steps:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return str(node.get(EXPECTED, "")) if isinstance(node, dict) else ""


def _place(steps: Iterable[str | int], values: Mapping[str, object]) -> tuple[tuple[str | int, ...], object]:
    """A place of the instance in the document: its path and what is there."""
    path: list[str | int] = []
    found: object = values
    for step in steps:
        if isinstance(found, Mapping) and isinstance(step, str) and _unescaped(step) in found:
            path.append(_unescaped(step))
            found = found[path[-1]]
        elif isinstance(found, list) and isinstance(step, int):
            path.append(step)
            found = found[step]
        elif isinstance(found, frozenset) and isinstance(step, int):
            found = in_order(found)[step]
        else:
            break  # inside the form of a value that JSON lacks
    return tuple(path), found


def _unescaped(key: str) -> str:
    return key.removeprefix(TAG)


def _expected(error: Error) -> str:
    """What a keyword of the standard asks for, in words."""
    name, facts = error.kind.name, error.kind.as_dict()
    if name in _MANY:
        unit = next(word for part, word in _UNITS.items() if name.endswith(part))
        return f"at {'least' if name.startswith('min') else 'most'} {facts['limit']} {unit}"
    teller = _TELLERS.get(name)
    return (error.message if teller is None else teller(facts))[:_SHOWN_CHARACTERS]


def _choices(facts: Mapping[str, Any]) -> str:
    shown = [_choice(option) for option in facts["options"]]
    more = ", ..." if len(shown) > _SHOWN_CHOICES else ""
    return f"one of {', '.join(shown[:_SHOWN_CHOICES])}{more}"


def _choice(option: object) -> str:
    return repr(option[VALUE] if isinstance(option, dict) and TAG in option else option)


_TELLERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "type": lambda facts: " or ".join(_TYPES.get(name, name) for name in facts["types"]),
    "enum": _choices,
    "const": lambda facts: _choice(facts["expected_value"]),
    "minimum": lambda facts: f"at least {facts['limit']}",
    "maximum": lambda facts: f"at most {facts['limit']}",
    "exclusiveMinimum": lambda facts: f"more than {facts['limit']}",
    "exclusiveMaximum": lambda facts: f"less than {facts['limit']}",
    "multipleOf": lambda facts: f"a multiple of {facts['multiple_of']}",
    "pattern": lambda facts: f"what matches {facts['pattern']}",
    "uniqueItems": lambda _facts: "no item twice",
    "falseSchema": lambda _facts: "nothing here",
    "not": lambda _facts: "something else",
    "contains": lambda _facts: "other items",
    "propertyNames": lambda facts: f"other keys: {facts['error'].message}",
}
