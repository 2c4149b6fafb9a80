"""What the words and options of ``put`` and ``find`` mean: fields with values, and changes of fields."""

import argparse
import sys
from collections.abc import Iterable
from typing import TextIO

from syncore.codec.json_values import Json, parse_json, value_from_json
from syncore.core.errors import InvalidValue, TooLarge
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.documents.changes import UNSET, add, increment, remove
from syncore.documents.structures import Element, encode_element
from syncore.exchange.json_forms import FieldChange, document_from_json, field_from_json

MAX_JSON_CHARACTERS = 8 * MAX_COMMIT_BYTES
"""The JSON of one document: escapes take at most six times as much as what they stand for."""
_STDIN = "-"


def wanted_document(options: argparse.Namespace) -> tuple[str | None, dict[str, object]]:
    """The id, if one was given, and the changes that ``put`` is to make.

    Raises:
        InvalidValue: JSON that is none, or is no document.
        TooLarge: more JSON on standard input than a document can hold.
    """
    words: list[str] = list(options.words)
    id_: str | None = options.id
    if id_ is None and words and "=" not in words[0] and words[0] != _STDIN:
        id_ = words.pop(0)
    data: str | None = options.data
    if _STDIN in words:
        words.remove(_STDIN)
        if data is not None:
            options.refuse("--data and - are two sources of one document")
        data = _read(sys.stdin)
    fields: dict[str, list[object]] = {}
    if data is not None:
        own_id, found = document_from_json(parse_json(data))
        if id_ is not None and own_id not in {None, id_}:
            options.refuse(f"the document's $id is not {id_}")
        id_ = own_id if id_ is None else id_
        fields = {name: [change] for name, change in found.items()}
    for name, value in assigned(options, words):
        fields[name] = [value]
    for name, change in _relative(options):
        fields.setdefault(name, []).append(change)
    if not fields and data is None:
        options.refuse("nothing to put: give FIELD=VALUE, --data or -")
    return id_, {name: tuple(changes) if len(changes) > 1 else changes[0] for name, changes in fields.items()}


def assigned(options: argparse.Namespace, words: Iterable[str]) -> list[tuple[str, FieldChange]]:
    """Fields and values of ``FIELD=VALUE`` words."""
    return [(name, field_from_json(form)) for name, form in _pairs(options, words)]


def _relative(options: argparse.Namespace) -> list[tuple[str, object]]:
    """Changes relative to what is there, and fields to remove."""
    changes: list[tuple[str, object]] = []
    for name, form in _pairs(options, options.increment):
        if type(form) is not int:
            options.refuse(f"--increment {name}= wants an integer")
        else:
            changes.append((name, increment(form)))
    changes += [(name, add(_element(form))) for name, form in _pairs(options, options.add)]
    changes += [(name, remove(_element(form))) for name, form in _pairs(options, options.remove)]
    changes += [(name, UNSET) for name in options.unset]
    return changes


def _pairs(options: argparse.Namespace, words: Iterable[str]) -> list[tuple[str, Json]]:
    pairs = []
    for word in words:
        name, separator, text = word.partition("=")
        if not separator:
            options.refuse(f"{word!r} is not FIELD=VALUE")
        pairs.append((name, json_or_text(text)))
    return pairs


def json_or_text(text: str) -> Json:
    """The JSON that a VALUE is, or otherwise the text itself."""
    try:
        return parse_json(text)
    except InvalidValue:
        return text


def _element(form: Json) -> Element:
    element = value_from_json(form)
    encode_element(element)
    assert isinstance(element, Element)
    return element


def _read(stream: TextIO) -> str:
    try:
        text = stream.read(MAX_JSON_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise InvalidValue("standard input is not UTF-8") from error
    if len(text) > MAX_JSON_CHARACTERS:
        raise TooLarge(
            "standard input holds more than a document can", hint="`syncore import` takes many documents"
        )
    return text
