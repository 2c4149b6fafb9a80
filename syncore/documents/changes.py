"""What a program writes to a field: plain values, kinds of fields, and changes relative to what is there.

Owns the vocabulary of local intentions. Each is checked for sense when it is made; whether it fits the field
is decided when it is planned (:mod:`syncore.documents.planning`). A tuple of changes is applied in order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from syncore.codec.values import Value
from syncore.core.arguments import several
from syncore.core.errors import InvalidChange
from syncore.core.identifiers import name_problem
from syncore.documents.operations import FieldKind
from syncore.documents.structures import Element


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter that stands at ``count``: a new one, or an existing one that is changed by the difference."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A text field that reads ``text``: a new one, or an existing one that is changed by the difference."""

    text: str = ""


@dataclass(frozen=True, slots=True, init=False)
class List:
    """A list field of these items: a new one, or an existing one that is changed by the difference."""

    items: tuple[Value, ...]

    def __init__(self, items: Iterable[Value] = ()) -> None:
        """Keep the items as they are now."""
        object.__setattr__(self, "items", several(items, "a List", error=InvalidChange))


@dataclass(frozen=True, slots=True, init=False)
class Set:
    """A set field of these elements, as a Python set is too: new, or changed by the difference."""

    elements: tuple[Element, ...]

    def __init__(self, elements: Iterable[Element] = ()) -> None:
        """Keep the elements as they are now."""
        object.__setattr__(self, "elements", several(elements, "a Set", error=InvalidChange))


@dataclass(frozen=True, slots=True)
class Increment:
    """See :func:`increment`."""

    amount: int


@dataclass(frozen=True, slots=True)
class Add:
    """See :func:`add`."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """See :func:`remove`."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Splice:
    """See :func:`splice`."""

    position: int
    delete: int
    insert: str | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """See :func:`rewrite`."""

    function: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Asserted:
    """See :func:`asserted`."""

    value: Value
    authority: str


@dataclass(frozen=True, slots=True)
class KeepKind:
    """Of several kinds that a field is at once, keep one: how the inbox settles that."""

    kind: FieldKind


class Unset(Enum):
    """The type of :data:`UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Remove the field, of whatever kind it is."""

CHANGES: Final = (
    *(Counter, Text, List, Set, Increment, Add, Remove, Splice, Rewrite, Asserted, KeepKind, Unset),
)
"""Everything here that is no value by itself."""


def increment(amount: int = 1) -> Increment:
    """Add to a counter, or take away with a negative amount. Concurrent increments add up.

    Raises:
        InvalidChange: the amount is not an int.
    """
    return Increment(_integer(amount, "the amount of an increment"))


def add(*elements: Element) -> Add:
    """Put elements into a set."""
    return Add(elements)


def remove(*elements: Element) -> Remove:
    """Take elements out of a set. What another device adds at the same time stays."""
    return Remove(elements)


def splice(position: int, delete: int = 0, insert: str | Sequence[Value] = "") -> Splice:
    """Delete from a position in a text or list, then insert there.

    Args:
        position: Characters (code points, as Python counts them) or items before the place.
        delete: How many of them to delete from there on.
        insert: A str for a text, a list of values for a list.

    Raises:
        InvalidChange: a negative or non-integer position or count, or an insertion of another type.
    """
    if _integer(position, "the position of a splice") < 0 or _integer(delete, "what a splice deletes") < 0:
        raise InvalidChange("positions and counts of a splice are not negative", hint="count from the start")
    if type(insert) is not str and type(insert) is not list:
        raise InvalidChange(f"a splice inserts a str or a list, not a {type(insert).__name__}")
    return Splice(position, delete, insert if isinstance(insert, str) else tuple(insert))


def rewrite(function: Callable[[Any], object]) -> Rewrite:
    """Compute a field's new value from its current one, with nothing happening in between.

    The function gets what a read shows (None when the field is not there) and returns what to write: a value
    for a register, a str for a text, a list for a list, an int for a counter, a set for a set, or ``UNSET``.
    For a text or list only the difference is written. What the function raises comes out of the write
    unchanged, and nothing is written.
    """
    return Rewrite(function)


def asserted(value: Value, authority: str) -> Asserted:
    """Write a register by an authority, such as ``"chain"``, which rules of the field rank.

    Among values written at once, a field whose rule is an ``Authority`` shows the one with the highest label.
    A label is what its writer claims; it is kept until the value is replaced.

    Raises:
        InvalidChange: the label is not a name.
    """
    if type(authority) is not str or name_problem(authority):
        raise InvalidChange(f"{authority!r} cannot be the label of an authority", hint="use a short name")
    return Asserted(value, authority)


def _integer(number: int, what: str) -> int:
    if type(number) is not int:
        raise InvalidChange(f"{what} must be an int, not {type(number).__name__}")
    return number
