"""How a change that a program asks for becomes changes of a draft, or is refused.

Owns the rules of which change fits which kind of field. A field's kind follows from what was written to it; a
change of another kind is refused with what the field is and what to use, never guessed.
"""

from collections.abc import Iterable

from syncore.codec.values import decode_value, encode_value
from syncore.core.errors import InvalidChange, InvalidValue
from syncore.core.identifiers import check_name
from syncore.core.lean import lean_dataclass
from syncore.core.vectors import Vector, covers
from syncore.documents.changes import (
    CHANGES,
    UNSET,
    Add,
    Asserted,
    Counter,
    Increment,
    KeepKind,
    List,
    Remove,
    Rewrite,
    Set,
    Splice,
    Text,
)
from syncore.documents.descent import Ancestor
from syncore.documents.differences import find_splice
from syncore.documents.drafts import Draft
from syncore.documents.operations import FieldKind
from syncore.documents.projection import field_value, register_verdict
from syncore.documents.resolution import ResolutionContext, rank
from syncore.documents.rules import CollectionRules, Strategy
from syncore.documents.strategies import resolve
from syncore.documents.structures import encode_element
from syncore.documents.text_merging import ancestry

_USE = {
    FieldKind.REGISTER: "write a value",
    FieldKind.COUNTER: "use increment() or Counter()",
    FieldKind.SET: "use add(), remove() or a set",
    FieldKind.TEXT: "use splice() or Text()",
    FieldKind.LIST: "use splice() or List()",
}


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What changes of a document are decided upon, beside the document.

    Attributes:
        seen: What they may replace; None for all that is visible.
        context: For what a register shows, which :func:`~syncore.documents.changes.rewrite` is given.
        rules: How conflicts of the document's fields are resolved.
        confirmed: What others may have seen of the document; None if that is everything.
        held_back: Fields that show something else than they hold, because of constraints.
    """

    seen: Vector | None
    context: ResolutionContext
    rules: CollectionRules
    confirmed: Vector | None
    held_back: frozenset[str] = frozenset()


def apply_change(draft: Draft, name: str, change: object, basis: Basis) -> None:
    """Put a change of one field into a draft.

    Args:
        draft: Changed, also when the change turns out not to fit: keep a copy.
        name: The field.
        change: A value, one of :mod:`syncore.documents.changes`, or a tuple of them.
        basis: What the change is decided upon.

    Raises:
        InvalidName: not the name of a field.
        InvalidChange: the change does not fit the field.
        InvalidValue: a value cannot be kept exactly.
    """
    check_name(name, "a field's name")
    for one in _several(change):
        planned = _rewritten(draft, name, one, basis) if isinstance(one, Rewrite) else one
        _apply_one(draft, name, planned, basis)


def _several(change: object) -> tuple[object, ...]:
    """The changes of a tuple in order, or the one that it is.

    Raises:
        InvalidValue: a tuple without any change in it, which was meant as a value.
    """
    if not isinstance(change, tuple):
        return (change,)
    if not any(isinstance(one, CHANGES) for one in change):
        raise InvalidValue(
            "a tuple lists changes of a field, and this one holds none", hint="as a value, use a list"
        )
    return change


def _apply_one(draft: Draft, name: str, change: object, basis: Basis) -> None:
    seen = basis.seen
    match change:
        case Counter() | Increment():
            _change_counter(draft, name, change)
        case Set() | Add() | Remove():
            _change_set(draft, name, change, seen)
        case set() | frozenset():
            _change_set(draft, name, Set(change), seen)
        case Text(text=text):
            _expect(draft, name, FieldKind.TEXT)
            _replace_text(draft, name, text)
        case List(items=items):
            _expect(draft, name, FieldKind.LIST)
            _replace_list(draft, name, _encoded(items))
        case Splice():
            _splice(draft, name, change)
        case Asserted(value=value, authority=authority):
            _set_register(draft, name, value, basis, label=authority)
        case KeepKind(kind=kind):
            draft.keep_only(name, kind, seen)
        case _ if change is UNSET:
            draft.unset(name, seen)
        case Rewrite() | tuple():
            raise InvalidChange(f"a rewrite of field {name!r} must return a value, not another change")
        case _:
            _set_register(draft, name, change, basis)


def _set_register(draft: Draft, name: str, value: object, basis: Basis, *, label: str = "") -> None:
    _expect(draft, name, FieldKind.REGISTER)
    encoded = encode_value(value)
    if name in basis.rules.unique_fields and _holds(draft, name, encoded, label, basis):
        return  # written again it would be claimed again, and later
    ancestors = ancestors_of(draft, name, value, basis)
    draft.set_register(name, encoded, basis.seen, label=label, ancestors=ancestors)


def _holds(draft: Draft, name: str, encoded: bytes, label: str, basis: Basis) -> bool:
    """Whether a register holds and shows this value alone."""
    siblings = draft.record.registers.get(name, ())
    return [(one.value, one.label) for one in siblings] == [(encoded, label)] and name not in basis.held_back


def ancestors_of(draft: Draft, name: str, value: object, basis: Basis) -> tuple[Ancestor, ...]:
    """The texts that a new text of a merged field was made of; none of any other field or value."""
    if type(value) is not str or basis.rules.rule(name) is not Strategy.MERGE_TEXT:
        return ()
    replaced = draft.replaced(name, basis.seen)
    texts = []
    for sibling in sorted(replaced, key=lambda sibling: rank(sibling, basis.context), reverse=True):
        value = decode_value(sibling.value)
        if isinstance(value, str):
            texts.append((Ancestor(sibling.dot, value), sibling.ancestors))
    shown = resolve(replaced, Strategy.MERGE_TEXT, basis.context).value if len(texts) > 1 else None
    # What was seen may be replaced by now, through a write that stays; that one tells what it was made of.
    further = [
        ancestor
        for sibling in draft.base.registers.get(name, ())
        if sibling not in replaced
        for ancestor in sibling.ancestors
        if basis.seen is None or covers(basis.seen, ancestor.dot)
    ]
    return ancestry(texts, shown if isinstance(shown, str) else None, further, basis.confirmed)


def _expect(draft: Draft, name: str, wanted: FieldKind) -> None:
    """Refuse a change of another kind of field than the field is."""
    kind = draft.kind_of(name)
    if kind is not None and kind is not wanted:
        raise InvalidChange(
            f"field {name!r} is a {kind.name.lower()}, not a {wanted.name.lower()}",
            hint=f"{_USE[kind]}, or remove it first with (UNSET, ...)",
            field=name,
        )


def _change_counter(draft: Draft, name: str, change: Counter | Increment) -> None:
    _expect(draft, name, FieldKind.COUNTER)
    if isinstance(change, Increment):
        amount = change.amount
    elif type(change.count) is int:
        amount = change.count - (draft.record.count(name) if draft.record.has_counter(name) else 0)
    else:
        raise InvalidChange(f"a counter stands at an int, not at a {type(change.count).__name__}", field=name)
    draft.add_to_counter(name, amount)


def _change_set(draft: Draft, name: str, change: Set | Add | Remove, seen: Vector | None) -> None:
    _expect(draft, name, FieldKind.SET)
    elements = sorted({encode_element(element) for element in change.elements})
    present = draft.record.sets.get(name, {})
    if isinstance(change, Remove):
        for element in elements:
            if element in present:
                draft.remove_element(name, element, seen)
        return
    draft.declare(name, FieldKind.SET)
    if isinstance(change, Set):
        for element in sorted(set(present) - set(elements)):
            draft.remove_element(name, element, seen)
        elements = [element for element in elements if element not in present]
    for element in elements:
        draft.add_element(name, element, seen)


def _splice(draft: Draft, name: str, change: Splice) -> None:
    kind = draft.kind_of(name)
    # A splice that inserts nothing, or the empty text, fits a text as well as a list.
    wanted = FieldKind.LIST if change.insert and not isinstance(change.insert, str) else FieldKind.TEXT
    if kind in (FieldKind.TEXT, FieldKind.LIST) and not change.insert:
        wanted = kind
    elif kind is None and change.insert == ():
        wanted = FieldKind.LIST
    _expect(draft, name, wanted)
    contents = draft.contents
    whole = contents.texts.get(name, "") if wanted is FieldKind.TEXT else contents.lists.get(name, ())
    if change.position + change.delete > len(whole):
        raise InvalidChange(
            f"a splice of field {name!r} goes beyond its end",
            field=name,
            position=change.position,
            delete=change.delete,
            length=len(whole),
        )
    draft.declare(name, wanted)
    if wanted is FieldKind.TEXT:
        inserted = change.insert if isinstance(change.insert, str) else ""
        draft.splice_text(name, change.position, change.delete, _checked_text(inserted))
    else:
        draft.splice_list(name, change.position, change.delete, _encoded(change.insert))


def _replace_text(draft: Draft, name: str, text: str) -> None:
    new = _checked_text(text)
    draft.declare(name, FieldKind.TEXT)
    draft.splice_text(name, *find_splice(draft.contents.texts.get(name, ""), new))


def _replace_list(draft: Draft, name: str, items: list[bytes]) -> None:
    draft.declare(name, FieldKind.LIST)
    draft.splice_list(name, *find_splice(list(draft.contents.lists.get(name, ())), items))


def _rewritten(draft: Draft, name: str, change: Rewrite, basis: Basis) -> object:
    """What a rewrite comes to, as a change for the kind of field that it is."""
    kind = draft.kind_of(name)
    if kind is FieldKind.REGISTER:
        verdict = register_verdict(draft.record, name, basis.context, basis.rules)
        if verdict.is_lacking:  # a value computed from a stand-in would pass for a decision
            raise InvalidChange(
                f"field {name!r} shows another value than its rule would: {verdict.problem}",
                hint="write a value, or settle the conflict by hand, instead of rewriting it",
                field=name,
            )
    current = (
        None
        if kind is None
        else field_value(draft.record, draft.contents, name, kind, basis.context, basis.rules)
    )
    result = change.function(current)
    if kind is FieldKind.COUNTER and type(result) is int:
        return Counter(result)
    if kind is FieldKind.TEXT and type(result) is str:
        return Text(result)
    if kind is FieldKind.LIST and type(result) is list:
        return List(result)
    return result


def _checked_text(text: object) -> str:
    if type(text) is not str:
        raise InvalidChange(f"a text holds a str, not a {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue("a text cannot hold a lone surrogate") from error
    return text


def _encoded(items: Iterable[object]) -> list[bytes]:
    return [encode_value(item) for item in items]
