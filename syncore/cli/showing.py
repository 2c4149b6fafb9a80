"""How documents and changes look, to people and to programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from syncore.cli.output import json_line, printable, table
from syncore.codec.json_values import Json, datetime_text, value_to_json
from syncore.documents.projection import FieldValue
from syncore.exchange.json_lines import document_json
from syncore.replica.explanations import Explanation, Origin
from syncore.replica.views import Change, Document, Sibling

Siblings = Mapping[str, Sequence[Sibling]]
"""The values of the fields in conflict, by field name."""


def siblings_json(siblings: Siblings) -> dict[str, Json]:
    """All values of the fields in conflict, the shown one first."""
    return {
        name: [
            {"value": value_to_json(one.value), "device": one.device, "time": datetime_text(one.time)}
            for one in values
        ]
        for name, values in siblings.items()
    }


def siblings_text(siblings: Siblings) -> str:
    """The values that are not shown, for people."""
    lines = [
        f"  {printable(name)} is also: {printable(cell(one.value))}"
        f"  (device {one.device}, {datetime_text(one.time)})"
        for name, values in siblings.items()
        for one in values
        if not one.is_shown
    ]
    return "".join(f"\n{line}" for line in lines)


def explanation_json(explanation: Explanation) -> dict[str, object]:
    """Where a field's content comes from, as a line of output."""
    return {
        "collection": explanation.collection,
        "id": explanation.id,
        "field": explanation.field,
        "kind": None if explanation.kind is None else explanation.kind.name.lower(),
        "value": _shown_json(explanation.value),
        "rule": explanation.rule,
        "reason": explanation.reason,
        "parts": [
            {
                "value": _shown_json(part.value),
                "device": part.device,
                "is_shown": part.is_shown,
                "is_deletion": part.is_deletion,
                "unlisted": part.unlisted,
                "origins": [_origin_json(origin) for origin in part.origins],
            }
            for part in explanation.parts
        ],
        "problems": list(explanation.problems),
    }


def _origin_json(origin: Origin) -> dict[str, Json]:
    times = {"admitted": origin.admitted, "time": origin.time, "arrived": origin.arrived}
    return {
        "device": origin.device,
        "key": origin.key,
        "invited_by": origin.invited_by,
        **{name: None if time is None else datetime_text(time) for name, time in times.items()},
        "commit": origin.commit,
        "segment": origin.segment,
        "position": origin.position,
        "evidence": origin.evidence.value,
        "problem": origin.problem,
    }


def _shown_json(value: FieldValue) -> Json:
    if isinstance(value, frozenset):
        return [value_to_json(element) for element in sorted(value, key=repr)]
    return value_to_json(value)


def explanation_text(explanation: Explanation) -> str:
    """Where a field's content comes from, for people."""
    text = explanation.text(lambda value: json_line(_shown_json(value)))
    return "\n".join(printable(line) for line in text.split("\n"))


def document_text(document: Document) -> str:
    """A document for people: its place, then a line for each field."""
    lines = [f"{printable(document.collection)}/{printable(document.id)}"]
    for name, value in document.items():
        note = "  (in conflict)" if name in document.conflicts else ""
        lines.append(f"  {printable(name)}: {printable(cell(value))}{note}")
    return "\n".join(lines)


def document_table(documents: Sequence[Document]) -> str:
    """Documents as a table, with a column for each field that one of them has."""
    names = sorted({name for document in documents for name in document})
    rows = [
        [document.id, *(cell(document[name]) if name in document else "" for name in names)]
        for document in documents
    ]
    return table(rows, ["id", *names])


def change_json(change: Change) -> dict[str, object]:
    """A change as a line of output."""
    document = None if change.document is None else document_json(change.document)
    return {
        "collection": change.collection,
        "id": change.id,
        "is_local": change.is_local,
        "document": document,
    }


def change_text(change: Change) -> str:
    """A change for people, on one line."""
    place = f"{printable(change.collection)}/{printable(change.id)}"
    if change.document is None:
        return f"{place} deleted"
    fields = (f"{printable(name)}={printable(cell(value))}" for name, value in change.document.items())
    return " ".join([place, *fields])


def cell(value: FieldValue) -> str:
    """A value for people."""
    match value:
        case str():
            return value
        case frozenset():
            return "{" + ", ".join(sorted(map(cell, value))) + "}"
        case bytes():
            return f"{len(value)} bytes"
        case datetime():
            return datetime_text(value)
        case Decimal() | UUID():
            return str(value)
        case list() | dict() | None | bool() | int() | float():
            return json_line(value_to_json(value))
        case _:
            return value.isoformat()
