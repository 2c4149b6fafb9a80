"""Tests of syncore.documents.field_planning: which change fits which kind of field, and what it comes to."""

from datetime import date

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import InvalidChange, InvalidName, InvalidValue, LocalError, TooLarge
from syncore.core.hybrid_clock import milliseconds
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.core.vectors import Vector
from syncore.documents.changes import (
    UNSET,
    Counter,
    List,
    Set,
    Text,
    add,
    increment,
    remove,
    rewrite,
    splice,
)
from syncore.documents.drafts import Draft, ListEdit, TextEdit
from syncore.documents.entries import RecordEntry
from syncore.documents.field_planning import Basis, apply_change
from syncore.documents.operations import (
    RemoveElement,
    RemoveField,
    SetField,
)
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rules import NO_RULES
from tests.documents.every_field import EVERYTHING, SHOWN, device_with, update, values
from tests.documents.worlds import writer


def apply(
    draft: Draft,
    name: str,
    change: object,
    *,
    seen: Vector | None = None,
    context: ResolutionContext | None = None,
) -> None:
    """Put a change into a draft."""
    basis = Basis(seen=seen, context=context or ResolutionContext(), rules=NO_RULES, confirmed=None)
    apply_change(draft, name, change, basis)


# --- what changes do ---


def test_every_kind_of_field_can_be_inserted_and_removed() -> None:
    """What is inserted is what is read; removing every field leaves none."""
    device = device_with(**EVERYTHING)
    assert values(device) == SHOWN
    update(device, **dict.fromkeys(EVERYTHING, UNSET))
    assert values(device) == {}
    assert device.document.is_live()
    update(device, **EVERYTHING)
    assert values(device) == SHOWN


def test_empty_fields_are_there() -> None:
    """An empty text, list, set and a counter at 0 show, and stay when they become empty."""
    empty = {"c": Counter(), "l": List(), "s": Set(), "t": Text()}
    device = device_with(**empty)
    assert values(device) == {"c": 0, "l": [], "s": frozenset(), "t": ""}
    update(device, c=increment(2), l=splice(0, 0, [1]), s=add(1), t=splice(0, insert="x"))
    update(device, c=increment(-2), l=splice(0, 1), s=remove(1), t=splice(0, 1))
    assert values(device) == {"c": 0, "l": [], "s": frozenset(), "t": ""}


def test_relative_changes_make_fields_that_are_not_there() -> None:
    """A field's kind follows from the first change of it."""
    device = device_with()
    update(device, c=increment(2), l=splice(0, 0, []), s=add(), t=splice(0), gone=remove(1), away=UNSET)
    assert values(device) == {"c": 2, "l": [], "s": frozenset(), "t": ""}


@pytest.mark.parametrize(
    ("change", "field", "result"),
    [
        (increment(-5), "votes", -2),
        (Counter(10), "votes", 10),
        (splice(2, 5, "x"), "review", "a x 🎬"),
        (splice(8, 1, "🎥🎥"), "review", "a naïve 🎥🎥"),
        (Text("a naive 🎬"), "review", "a naive 🎬"),
        (splice(1, 1), "cast", ["Ripley"]),
        (splice(1, 0, [None, [1]]), "cast", ["Ripley", None, [1], 2]),
        (List([2, "Ripley"]), "cast", [2, "Ripley"]),
        (add("sf", "horror"), "tags", {"sf", "horror", 7, date(1979, 5, 25)}),
        (remove(7, "nothing"), "tags", {"horror", date(1979, 5, 25)}),
        ({7, 8}, "tags", {7, 8}),
        (frozenset(), "tags", frozenset()),
        (None, "title", None),
        ((add(1), remove(7), add(7), remove(1)), "tags", {"horror", 7, date(1979, 5, 25)}),
        ((splice(0, 2), splice(0, 0, "the "), splice(4, 5, "odd")), "review", "the odd 🎬"),
        ((UNSET, "now a value"), "review", "now a value"),
        ((UNSET, Text("now a text")), "title", "now a text"),
        ((UNSET, Counter(1)), "votes", 1),
        ((increment(1), UNSET, increment(5)), "votes", 5),
        (rewrite(lambda value: value + "s"), "title", "Aliens"),
        (rewrite(lambda value: value * 2), "votes", 6),
        (rewrite(lambda value: value.replace("naïve", "wise")), "review", "a wise 🎬"),
        (rewrite(lambda value: [*value, 3]), "cast", ["Ripley", 2, 3]),
        (rewrite(lambda value: value - {7}), "tags", {"horror", date(1979, 5, 25)}),
        (rewrite(lambda value: [value]), "new", [None]),
        (rewrite(lambda _: Text("x")), "new", "x"),
        (rewrite(lambda _: UNSET), "title", UNSET),
    ],
)
def test_changes_do_what_they_say(change: object, field: str, result: object) -> None:
    """Each change on each kind of field has the result that its words promise."""
    device = device_with(**EVERYTHING)
    update(device, **{field: change})
    expected = dict(SHOWN)
    if result is UNSET:
        del expected[field]
    else:
        expected[field] = result
    assert values(device) == expected
    assert values(device.stored()) == expected


# --- what is refused ---


@pytest.mark.parametrize(
    ("field", "change", "says"),
    [
        ("title", increment(1), "is a register, not a counter .*write a value"),
        ("title", add(1), "is a register, not a set"),
        ("title", {1}, "is a register, not a set"),
        ("title", splice(0), "is a register, not a text"),
        ("votes", 5, "is a counter, not a register .*use increment"),
        ("votes", splice(0, insert=[1]), "is a counter, not a list"),
        ("review", "plain", "is a text, not a register .*use splice"),
        ("review", splice(0, insert=["x"]), "is a text, not a list"),
        ("cast", splice(0, insert="x"), "is a list, not a text"),
        ("cast", Text(""), "is a list, not a text"),
        ("cast", [1], "is a list, not a register .*List"),
        ("tags", ["x"], "is a set, not a register .*use add"),
        ("tags", List(), "is a set, not a list"),
        ("review", splice(9, 1), "beyond its end"),
        ("cast", splice(3, insert=[1]), "beyond its end"),
        ("new", splice(1, insert="x"), "beyond its end"),
        ("votes", Counter(1.5), "stands at an int"),  # type: ignore[arg-type]
        ("review", Text(b"x"), "holds a str"),  # type: ignore[arg-type]
        ("review", rewrite(lambda _: rewrite(lambda _: "")), "must return a value"),
        ("review", rewrite(lambda _: ("a", "b")), "must return a value"),
        ("votes", rewrite(lambda _: "many"), "is a counter, not a register"),
    ],
)
def test_changes_that_do_not_fit_say_what_the_field_is(field: str, change: object, says: str) -> None:
    """A change of another kind is refused with what the field is and what to use."""
    device = device_with(**EVERYTHING)
    with pytest.raises(InvalidChange, match=says):
        update(device, **{field: change})
    assert values(device) == SHOWN


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"f": (1, 2)}, InvalidValue),
        ({"f": ()}, InvalidValue),
        ({"f": ("x",)}, InvalidValue),
        ({"f": 1j}, InvalidValue),
        ({"f": {1.5}}, InvalidValue),
        ({"f": {True}}, InvalidValue),
        ({"f": add([1])}, InvalidValue),  # type: ignore[arg-type]
        ({"f": List([{1}])}, InvalidValue),  # type: ignore[list-item]
        ({"f": Text("\ud800")}, InvalidValue),
        ({"f": splice(0, insert="\udfff")}, InvalidValue),
        ({"": 1}, InvalidName),
        ({"a\n": 1}, InvalidName),
        ({"x" * 256: 1}, InvalidName),
        ({"f": increment(2**2048)}, TooLarge),
        ({"f": (increment(2**2047), increment(2**2047))}, TooLarge),
    ],
)
def test_what_cannot_be_kept_is_refused(changes: dict[str, object], error: type[LocalError]) -> None:
    """Values, names and amounts are checked before anything is written; a tuple of values is no value."""
    device = device_with()
    with pytest.raises(error):
        update(device, **changes)
    assert values(device) == {}


def test_a_refusal_names_the_field_and_what_to_do() -> None:
    """The error's details and hint are enough to mend the program: field, place, length, the right change."""
    draft = Draft.begin(device_with(**EVERYTHING).document)
    with pytest.raises(InvalidChange) as caught:
        apply(draft, "cast", splice(1, 2))
    assert caught.value.details == {"field": "cast", "position": 1, "delete": 2, "length": 2}
    with pytest.raises(InvalidChange) as caught:
        apply(draft, "votes", 5)
    assert caught.value.details["field"] == "votes"
    assert caught.value.hint == "use increment() or Counter(), or remove it first with (UNSET, ...)"


# --- what becomes of a draft ---


def test_a_change_replaces_only_what_it_may() -> None:
    """What the token covers is named by the operation, what it does not cover is not."""
    device = device_with(r=1, s={1})
    own = Dot(device.writer, 1)
    for seen, replaced in ((None, (own,)), ({device.writer: 1}, (own,)), ({writer(2): 9}, ())):
        draft = Draft.begin(device.document)
        apply(draft, "r", 2, seen=seen)
        assert draft.operations == (SetField(field="r", value=encode_value(2), replaces=replaced),)
        removing = Draft.begin(device.document)
        apply(removing, "r", UNSET, seen=seen)
        apply(removing, "s", remove(1), seen=seen)
        expected = [
            RemoveField(field="r", replaces=replaced),
            RemoveElement(field="s", element=encode_value(1), replaces=replaced),
        ]
        assert list(removing.operations) == (expected if replaced else [])


def test_a_rewrite_is_given_what_the_context_shows() -> None:
    """Among concurrent values a rewrite gets the one that a read shows, which may depend on the context."""
    device = device_with(r="old")
    other = device.stored(writer(2))
    theirs = other.write(lambda plan: plan.update({"r": "theirs"}))
    device.time_ms += 50
    device.write(lambda plan: plan.update({"r": "ours"}))
    device.receive(theirs)
    times = {sibling.value: milliseconds(sibling.time) for sibling in device.document.record.registers["r"]}
    later = times[encode_value("ours")] + 1
    for context, shown in (
        (ResolutionContext(), "ours"),
        (ResolutionContext(floor_ms={DeviceIndex(2): later}), "theirs"),
    ):
        draft = Draft.begin(device.document)
        apply(draft, "r", rewrite(lambda value: [value]), context=context)
        (operation,) = draft.operations
        assert isinstance(operation, SetField)
        assert operation.value == encode_value([shown])


def test_a_rewrite_may_change_what_it_was_given() -> None:
    """The value that a rewrite gets is its own."""
    device = device_with(r=[1], l=List([[1]]))

    def grow(value: object) -> object:
        assert isinstance(value, list)
        value.append(2)
        return value

    update(device, r=rewrite(grow), l=rewrite(grow))
    assert values(device) == {"r": [1, 2], "l": [[1], 2]}


def test_replacing_a_set_writes_only_the_difference() -> None:
    """Elements that stay are not written again, so a concurrent removal of them holds."""
    device = device_with(s={1, 2})
    (entry,) = update(device, s={2, 3})
    assert isinstance(entry, RecordEntry)
    assert len(entry.operations) == 2


def test_replacing_a_text_writes_only_the_difference() -> None:
    """One changed character in a long text is a short delta, which others' edits survive."""
    first = device_with(t=Text("x" * 5_000 + "." + "y" * 5_000))
    second = first.stored(writer(2))
    theirs = second.write(lambda plan: plan.update({"t": splice(0, insert=">")}))
    sent = first.write(lambda plan: plan.update({"t": Text("x" * 5_000 + "!" + "y" * 5_000)}))
    assert len(sent.entries[0].body) < 120
    first.receive(theirs)
    assert values(first) == {"t": ">" + "x" * 5_000 + "!" + "y" * 5_000}


def test_whole_texts_and_lists_become_the_edit_between() -> None:
    """A text or list that is written whole is edited where it differs, and nowhere when it is equal."""
    draft = Draft.begin(device_with(t=Text("one two three"), l=List([1, 2, 3])).document)
    apply(draft, "t", Text("one 2 three"))
    apply(draft, "l", List([1, 3]))
    assert draft.edits == [
        TextEdit(field="t", position=4, delete=3, insert="2"),
        ListEdit(field="l", position=1, delete=1, insert=()),
    ]
    unchanged = Draft.begin(device_with(t=Text("abc"), l=List([1])).document)
    apply(unchanged, "t", Text("abc"))
    apply(unchanged, "l", rewrite(list))
    assert (unchanged.edits, unchanged.operations) == ([], ())
