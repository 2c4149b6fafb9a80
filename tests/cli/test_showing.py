"""How documents and changes are shown: complete to programs, harmless to a terminal."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from syncore.cli.showing import (
    cell,
    change_json,
    change_text,
    document_table,
    document_text,
    siblings_json,
    siblings_text,
)
from syncore.core.identifiers import PRIVATE_SPACE, DocumentKey
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.exchange.json_lines import document_json
from syncore.replica.views import Change, Document, Sibling

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ESCAPE = "\x1b[2J"


def document(
    id_: str,
    values: Mapping[str, FieldValue],
    *,
    kinds: Mapping[str, FieldKind] | None = None,
    conflicts: tuple[str, ...] = (),
    collection: str = "notes",
) -> Document:
    """A document as it was read."""
    projection = Projection(
        vector={}, values=values, kinds=kinds or {}, conflicts=conflicts, is_deleted=False
    )
    return Document(PRIVATE_SPACE, DocumentKey(collection, id_), projection)


ALIEN = document(
    "a", {"title": "Alien", "votes": 3}, kinds={"votes": FieldKind.COUNTER}, conflicts=("title",)
)
SIBLINGS = {
    "title": (
        Sibling(value="Alien", device=1, time=NOON, is_shown=True),
        Sibling(value=Decimal("1.50"), device=0, time=NOON, is_shown=False),
    )
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain text", "plain text"),
        (frozenset({"b", 2, "a"}), "{2, a, b}"),
        (frozenset(), "{}"),
        (b"\0\1\2", "3 bytes"),
        (NOON, "2026-01-31T12:00:00Z"),
        (date(2026, 1, 31), "2026-01-31"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ([1, {"a": Decimal(2)}], '[1, {"a": {"$decimal": "2"}}]'),
    ],
)
def test_every_kind_of_value_has_a_cell(value: FieldValue, shown: str) -> None:
    """People see texts, numbers and times bare, sets in braces, bytes by their number, the rest as JSON."""
    assert cell(value) == shown


def test_programs_get_a_document_that_can_be_imported() -> None:
    """The JSON of a document has its id, fields of other kinds with their tags, and conflicts only if any."""
    assert document_json(ALIEN) == {
        "$id": "a",
        "title": "Alien",
        "votes": {"$counter": 3},
        "$conflicts": ["title"],
    }
    assert document_json(document("b", {"n": 1})) == {"$id": "b", "n": 1}


def test_all_siblings_go_to_programs_and_the_others_to_people() -> None:
    """JSON has every value of a field in conflict in order; the text leaves out the one that is shown."""
    time = "2026-01-31T12:00:00Z"
    assert siblings_json(SIBLINGS) == {
        "title": [
            {"value": "Alien", "device": 1, "time": time},
            {"value": {"$decimal": "1.50"}, "device": 0, "time": time},
        ]
    }
    assert siblings_text(SIBLINGS) == f"\n  title is also: 1.50  (device 0, {time})"
    assert siblings_text({}) == ""


def test_a_document_is_its_place_and_a_line_for_each_field() -> None:
    """The fields in conflict are marked."""
    assert document_text(ALIEN).splitlines() == ["notes/a", "  title: Alien  (in conflict)", "  votes: 3"]
    assert document_text(document("b", {})) == "notes/b"


def test_a_table_has_a_column_for_each_field_of_any_document() -> None:
    """Documents that lack a field leave its cell empty; names are sorted behind the id."""
    lines = document_table([document("a", {"z": 1}), document("b", {"m": "x"})]).splitlines()
    assert [line.split() for line in lines] == [["id", "m", "z"], ["a", "1"], ["b", "x"]]
    assert lines[1].index("1") == lines[0].index("z")
    assert lines[2].index("x") == lines[0].index("m")


def test_changes_are_told_with_what_they_left() -> None:
    """A change is its place and the fields after it; a deletion says so, and has no document for programs."""
    made = Change(collection="notes", id="a", document=ALIEN, is_local=False)
    gone = Change(collection="notes", id="a", document=None, is_local=True)
    assert change_text(made) == "notes/a title=Alien votes=3"
    assert change_text(gone) == "notes/a deleted"
    assert change_json(made) == {
        "collection": "notes",
        "id": "a",
        "is_local": False,
        "document": document_json(ALIEN),
    }
    assert json.loads(json.dumps(change_json(gone)))["document"] is None


def test_a_document_cannot_speak_to_the_terminal() -> None:
    """Control characters in ids, names and values are escaped wherever people read them."""
    hostile = document(f"a{ESCAPE}", {f"n{ESCAPE}": f"v{ESCAPE}\nnotes/b"}, collection=f"c{ESCAPE}")
    sibling = Sibling(value=f"v{ESCAPE}", device=0, time=NOON, is_shown=False)
    change = Change(collection=f"c{ESCAPE}", id=f"a{ESCAPE}", document=hostile, is_local=True)
    gone = Change(collection=f"c{ESCAPE}", id=f"a{ESCAPE}", document=None, is_local=True)
    shown = [
        document_text(hostile),
        document_table([hostile]),
        siblings_text({f"n{ESCAPE}": [sibling]}),
        change_text(change),
        change_text(gone),
    ]
    assert not [text for text in shown if "\x1b" in text]
    assert [len(text.splitlines()) for text in shown] == [2, 2, 2, 1, 1]
