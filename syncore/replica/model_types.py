"""What the annotations of models come to: a schema for each, and values to and from what documents hold.

Owns the table from Python's types to schemas. A field of a document is a register, or a counter, a set, a
text or a list, which ``Counter``, ``set[...]`` (or ``Set``), ``Text`` and ``List`` ask for; inside values
there are only values.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

from syncore.core.errors import Misused
from syncore.documents.changes import CHANGES, Counter, List, Set, Text
from syncore.replica.model_fields import FieldInfo, Ref, Unresolved

Json = dict[str, Any]

_SCALARS: Mapping[object, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    Decimal: {"x-type": "decimal"},
    bytes: {"x-type": "bytes"},
    datetime: {"x-type": "datetime"},
    date: {"x-type": "date"},
    UUID: {"x-type": "uuid"},
    Any: {},
    object: {},
}
_KINDS: Mapping[object, Json] = {
    Counter: {"type": "integer", "x-kind": "counter"},
    Text: {"type": "string", "x-kind": "text"},
    List: {"type": "array", "x-kind": "list"},
    Set: {"type": "array", "x-kind": "set"},
}

_STORED: Mapping[object, type] = {Counter: int, Text: str, List: list}


def kind_of(annotation: object) -> Callable[..., object] | None:
    """What makes a field of a kind of its own of a value, or None for a register."""
    annotation = _bare(annotation)
    if annotation in {Counter, Text, List, Set}:
        return annotation
    return Set if get_origin(annotation) in {set, frozenset} or annotation in {set, frozenset} else None


def schema_of(annotation: object, info: FieldInfo, where: str, *, is_field: bool = False) -> Json:
    """The schema of an annotation.

    Args:
        annotation: The type, resolved.
        info: Limits that were given beside it.
        where: What it belongs to, for errors.
        is_field: Whether it is a field of a document, and not a part of a value.

    Raises:
        Misused: no document can hold such a thing, or the limits do not go with it.
    """
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        for note in notes:
            if isinstance(note, FieldInfo):
                info = info.beside(note)
        return schema_of(inner, info, where, is_field=is_field)
    schema = _schema(annotation, info, where, is_field=is_field)
    if "anyOf" not in schema:
        limits = info.limits()
        if schema.get("type") == "array":
            limits = {keyword.replace("Length", "Items"): limit for keyword, limit in limits.items()}
        unfit = sorted(set(limits) - _fitting(schema))
        if unfit:
            raise Misused(f"{where}: {unfit[0]} does not go with {_named(annotation)}")
        schema = {**schema, **limits}
    return schema


def _schema(annotation: object, info: FieldInfo, where: str, *, is_field: bool) -> Json:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in {Union, types.UnionType}:
        null = [{"type": "null"}] if type(None) in arguments else []
        others = [one for one in arguments if one is not type(None)]
        return {"anyOf": [*(schema_of(one, info, where) for one in others), *null]}
    outer = annotation if origin is None else origin
    if outer in {Ref, list, dict}:
        return _generic_schema(outer, arguments, where)
    if is_field and kind_of(annotation) is not None:
        return {**_KINDS[kind_of(annotation)], **_items(arguments, where)}
    if annotation in _SCALARS:
        return dict(_SCALARS[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [member.value for member in annotation]}
    if isinstance(annotation, type) and (is_typeddict(annotation) or dataclasses.is_dataclass(annotation)):
        return _record_schema(annotation, where)
    raise Misused(
        f"{where}: no document can hold {_named(annotation)}", hint="see docs/how-to/models-and-validation.md"
    )


def to_value(value: object) -> object:
    """What a document holds for a value of a model: enums, references and dataclasses become plain values."""
    if isinstance(value, CHANGES):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, list):
        return [to_value(item) for item in value]
    if isinstance(value, set | frozenset):
        return {to_value(item) for item in value}
    if isinstance(value, dict):
        return {key: to_value(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_value(getattr(value, one.name)) for one in dataclasses.fields(value)}
    return value


def from_value(annotation: object, value: object) -> object:
    """What a model shows for a value of a document; one that does not fit its annotation as it is."""
    annotation = _bare(annotation)
    kind = kind_of(annotation)
    if kind is not None:
        return _from_kind(annotation, kind, value)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return _from_union(arguments, value)
    if isinstance(value, str) and (origin is Ref or annotation is Ref):
        return Ref(value)
    if isinstance(value, list) and origin is list:
        return [from_value(arguments[0], item) for item in value]
    if isinstance(value, dict):
        return _from_map(annotation, origin, arguments, value)
    if annotation is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next((member for member in annotation if _is_same(member.value, value)), value)
    return value


def _from_kind(annotation: object, kind: Callable[..., object], value: object) -> object:
    if isinstance(value, frozenset) and kind is Set:
        if annotation is Set:
            return Set(value)
        [item] = get_args(annotation) or (Any,)
        made = frozenset(from_value(item, element) for element in value)
        return made if frozenset in {annotation, get_origin(annotation)} else set(made)
    return kind(value) if isinstance(value, _STORED.get(kind, frozenset)) else value


def _from_union(arguments: tuple[Any, ...], value: object) -> object:
    if value is None:
        return None
    for one in arguments:
        made = from_value(one, value)
        if type(made) is not type(value):
            return made
    return value


def _from_map(
    annotation: object, origin: object, arguments: tuple[Any, ...], value: dict[str, Any]
) -> object:
    if origin is dict:
        return {key: from_value(arguments[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        hints = get_type_hints(annotation, include_extras=True)
        known = {key: from_value(hints[key], item) for key, item in value.items() if key in hints}
        try:
            return annotation(**known)
        except TypeError:  # what others wrote lacks a part
            return value
    if is_typeddict(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        return {key: from_value(hints.get(key, Any), item) for key, item in value.items()}
    return value


def _record_schema(annotation: Any, where: str) -> Json:  # noqa: ANN401 - a class of either form
    hints = get_type_hints(annotation, include_extras=True)
    if is_typeddict(annotation):
        required = sorted(annotation.__required_keys__)
    else:
        required = sorted(
            one.name
            for one in dataclasses.fields(annotation)
            if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        )
    parts = {name: schema_of(hint, FieldInfo(), f"{where}.{name}") for name, hint in hints.items()}
    return {"type": "object", "properties": parts, **({"required": required} if required else {})}


def _generic_schema(outer: object, arguments: tuple[Any, ...], where: str) -> Json:
    if outer is Ref:
        return {"type": "string", **_reference(arguments)}
    return {"type": "array", **_items(arguments, where)} if outer is list else _map_schema(arguments, where)


def _map_schema(arguments: tuple[Any, ...], where: str) -> Json:
    if arguments and arguments[0] is not str:
        raise Misused(f"{where}: the keys of a map are of type str")
    if not arguments or arguments[1] is Any:
        return {"type": "object"}
    return {"type": "object", "additionalProperties": schema_of(arguments[1], FieldInfo(), where)}


def _items(arguments: tuple[Any, ...], where: str) -> Json:
    return {"items": schema_of(arguments[0], FieldInfo(), where)} if arguments else {}


def _reference(arguments: tuple[Any, ...]) -> Json:
    collection = getattr(arguments[0], "__collection__", "") if arguments else ""
    return {"x-ref": collection} if collection else {}


def _fitting(schema: Json) -> set[str]:
    if schema.get("type") in {"integer", "number"} or schema.get("x-type") == "decimal":
        return {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "description"}
    if schema.get("type") == "string" or schema.get("x-type") == "bytes":
        return {"minLength", "maxLength", "pattern", "description"}
    if schema.get("type") == "array":
        return {"minItems", "maxItems", "description"}
    return {"description"}


def _bare(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _named(annotation: object) -> str:
    if isinstance(annotation, Unresolved):
        return f"{annotation.name}, which is not declared"
    return getattr(annotation, "__name__", str(annotation))
