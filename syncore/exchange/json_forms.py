"""JSON for fields and documents, lossless in both directions.

Values have the forms of :mod:`syncore.codec.json_values`. As a whole field: ``$counter`` 3, ``$text`` "..",
``$list`` [..], ``$set`` [..].

A document is the object of its fields, with ``$id`` beside them; fields whose own names begin with ``$`` are
inside ``$fields``. ``$token``, ``$conflicts`` and ``$siblings`` are for readers, and ignored when
read back.
"""

from collections.abc import Mapping
from typing import Final

from syncore.codec.json_values import Json, value_from_json, value_to_json
from syncore.codec.values import Value
from syncore.core.errors import InvalidValue
from syncore.documents.changes import Counter, List, Set, Text
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue
from syncore.documents.structures import Element, encode_element

FieldChange = Value | Counter | Text | List | Set
"""What a field's JSON form says to write."""

_ID, _FIELDS = "$id", "$fields"
_IGNORED: Final = frozenset({"$token", "$conflicts", "$siblings"})


def field_to_json(value: FieldValue, kind: FieldKind | None) -> Json:
    """The JSON form of a field that a document shows; a kind of None is a register."""
    if isinstance(value, frozenset):
        return _set_to_json(value)
    found = value_to_json(value)
    match kind:
        case FieldKind.COUNTER:
            return {"$counter": found}
        case FieldKind.TEXT:
            return {"$text": found}
        case FieldKind.LIST:
            return {"$list": found}
        case _:
            return found


def field_from_json(found: Json) -> FieldChange:
    """What to write to a field so that it shows the same.

    Raises:
        InvalidValue: the form is none.
    """
    if isinstance(found, dict) and len(found) == 1:
        [(tag, inner)] = found.items()
        match tag, inner:
            case "$counter", _:
                count = value_from_json(inner)
                if type(count) is not int:
                    raise InvalidValue("$counter stands before an int")
                return Counter(count)
            case "$text", str():
                return Text(inner)
            case "$list", list():
                return List(value_from_json(item) for item in inner)
            case "$set", list():
                return Set(_element(item) for item in inner)
    return value_from_json(found)


def change_to_json(change: FieldChange) -> Json:
    """The JSON form of a field that shows what was written."""
    match change:
        case Counter(count=count):
            return {"$counter": value_to_json(count)}
        case Text(text=text):
            return {"$text": text}
        case List(items=items):
            return {"$list": value_to_json(list(items))}
        case Set(elements=elements):
            return field_to_json(frozenset(elements), None)
        case _:
            return value_to_json(change)


def shown_value(change: FieldChange) -> FieldValue:
    """What a document shows after that was written to a field."""
    match change:
        case Counter(count=count):
            return count
        case Text(text=text):
            return text
        case List(items=items):
            return list(items)
        case Set(elements=elements):
            return frozenset(elements)
        case _:
            return change


def document_to_json(
    id_: str, fields: Mapping[str, FieldValue], kinds: Mapping[str, FieldKind]
) -> dict[str, Json]:
    """The JSON form of a document."""
    found: dict[str, Json] = {_ID: id_}
    hidden: dict[str, Json] = {}
    for name, value in fields.items():
        (hidden if name.startswith("$") else found)[name] = field_to_json(value, kinds.get(name))
    return {**found, _FIELDS: hidden} if hidden else found


def document_from_json(found: Json) -> tuple[str | None, dict[str, FieldChange]]:
    """The id of a document, if it has one, and what to write to its fields.

    Raises:
        InvalidValue: not the form of a document.
    """
    if not isinstance(found, dict):
        raise InvalidValue("a document is a JSON object of its fields")
    id_ = found.get(_ID)
    if id_ is not None and not isinstance(id_, str):
        raise InvalidValue("$id must be a string")
    hidden = found.get(_FIELDS, {})
    if not isinstance(hidden, dict):
        raise InvalidValue("$fields must be an object of fields")
    for name in found:
        if name.startswith("$") and name not in {_ID, _FIELDS, *_IGNORED}:
            raise InvalidValue(
                f"unknown key {name!r}", hint="put fields whose names begin with $ into $fields"
            )
    plain = {name: form for name, form in found.items() if not name.startswith("$")}
    return id_, {name: _named_field(name, form) for name, form in {**plain, **hidden}.items()}


# --- from values ---


def _set_to_json(elements: frozenset[Element]) -> Json:
    ordered = sorted(elements, key=encode_element)
    return {"$set": [value_to_json(element) for element in ordered]}


# --- to values ---


def _named_field(name: str, form: Json) -> FieldChange:
    try:
        return field_from_json(form)
    except InvalidValue as error:
        raise InvalidValue(f"field {name!r}: {error.message}", hint=error.hint) from error


def _element(form: Json) -> Element:
    element = value_from_json(form)
    encode_element(element)
    assert isinstance(element, Element)
    return element
