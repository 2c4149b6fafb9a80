"""How one schema of a collection came out of another, as programs grow.

Two versions of a program may write to one collection. Whichever schema holds, documents of the other have to
pass as far as that can be: so what only adds fields that may be missing is an extension, and everything else
is a change that somebody has to decide.
"""

from collections.abc import Mapping
from typing import Any

_COMPARED_APART = frozenset(
    {"properties", "required", "$defs", "title", "description", "$comment", "examples"}
)


def extends(newer: Mapping[str, Any], older: Mapping[str, Any]) -> bool:
    """Whether ``newer`` is ``older`` with fields added that may be missing, or some that may be missing now.

    Then a program that knows only ``older`` writes nothing that ``newer`` refuses, but for what it writes
    into fields that it does not know. Every schema extends itself.
    """
    if _others(newer) != _others(older):
        return False
    fields, known = _map(newer, "properties"), _map(older, "properties")
    if any(name not in fields or not _same(fields[name], part) for name, part in known.items()):
        return False
    if not set(_list(newer, "required")) <= set(_list(older, "required")):
        return False
    parts, held = _map(newer, "$defs"), _map(older, "$defs")
    return all(name in parts and _same(parts[name], part) for name, part in held.items())


def _others(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _exactly(value) for name, value in schema.items() if name not in _COMPARED_APART}


def _same(one: object, other: object) -> bool:
    return _exactly(one) == _exactly(other)


def _exactly(value: object) -> object:
    """A value that equals only its like: 1, 1.0 and True are three."""
    if isinstance(value, Mapping):
        return {key: _exactly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exactly(item) for item in value]
    return type(value).__name__, value


def _map(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    found = schema.get(keyword, {})
    return found if isinstance(found, Mapping) else {}


def _list(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    found = schema.get(keyword, [])
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
