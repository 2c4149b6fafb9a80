"""``where``: how programs name fields and say what they must be like.

``where.title`` names a field, ``where.address.city`` or ``where["address"]["city"]`` what is inside a map.
Names that the language has for itself (``where["in_"]``), or that begin with ``_``, go into brackets.
"""

from collections.abc import Iterable
from typing import Final, NoReturn

from syncore.codec.values import encode_value
from syncore.core.errors import InvalidValue, Misused
from syncore.core.identifiers import check_name
from syncore.core.limits import MAX_VALUE_DEPTH
from syncore.query.expressions import (
    MAX_TERMS,
    Compare,
    Contains,
    Exists,
    Expression,
    FieldPath,
    Not,
    OneOf,
    Order,
    StartsWith,
    both,
)
from syncore.query.keys import encode_key

_NO_ORDER = (type(None), dict, frozenset)


class Path:
    """A field, or a place inside the maps that it holds, with what can be asked of it.

    ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` compare with a value; ``-path`` is for descending order.
    """

    __slots__ = ("_is_descending", "_names")
    __hash__ = None  # type: ignore[assignment]  # == makes expressions
    __iter__ = None

    def __init__(self, names: FieldPath, *, is_descending: bool = False) -> None:
        """Programs write ``where.name``."""
        self._names = names
        self._is_descending = is_descending

    def __getattr__(self, name: str) -> "Path":
        """What is at a name inside the map that this is."""
        return self[public_name(name)]

    def __getitem__(self, name: str) -> "Path":
        """What is at a name inside the map that this is."""
        if not isinstance(name, str):
            raise Misused(
                f"what is inside a field is named by text, not by {type(name).__name__}",
                hint="elements of lists have no place to query; ask .contains(value)",
            )
        if len(self._names) > MAX_VALUE_DEPTH:
            raise Misused(f"no value is nested deeper than {MAX_VALUE_DEPTH} levels")
        return Path((*self._names, name), is_descending=self._is_descending)

    def __neg__(self) -> "Path":
        """The same field for ``order_by``, the greatest first."""
        return Path(self._names, is_descending=not self._is_descending)

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]
        """The field holds a value equal to this one; numbers of all types compare."""
        return self._compare(Order.EQUAL, value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]
        """The field does not hold such a value; so it is for a field that is not there."""
        return Not(self._compare(Order.EQUAL, value))

    def __lt__(self, value: object) -> Expression:
        """The field holds less."""
        return self._compare(Order.BELOW, value)

    def __le__(self, value: object) -> Expression:
        """The field holds this or less."""
        return self._compare(Order.AT_MOST, value)

    def __gt__(self, value: object) -> Expression:
        """The field holds more."""
        return self._compare(Order.ABOVE, value)

    def __ge__(self, value: object) -> Expression:
        """The field holds this or more."""
        return self._compare(Order.AT_LEAST, value)

    def between(self, lowest: object, highest: object) -> Expression:
        """The field holds one of the two or something between them."""
        return both(self >= lowest, self <= highest)

    def in_(self, values: Iterable[object]) -> Expression:
        """The field holds a value equal to one of these."""
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise Misused(
                f".in_() takes several values, such as a list, not a {type(values).__name__}",
                hint="for a part of a text or an element of a field use .contains(value)",
            )
        found = tuple(self._operand(value) for value in values)
        if len(found) > MAX_TERMS:
            raise Misused(f".in_() takes at most {MAX_TERMS} values, not {len(found)}")
        return OneOf(self._names, found, frozenset(map(encode_key, found)))

    def startswith(self, prefix: str) -> Expression:
        """The field holds a text that begins so."""
        if type(prefix) is not str:
            raise Misused(f".startswith() takes a str, not {type(prefix).__name__}")
        encode_value(prefix)
        return StartsWith(self._names, prefix)

    def contains(self, value: object) -> Expression:
        """The field holds a set or list with this element, or a text with this part."""
        found = self._operand(value)
        return Contains(self._names, found, encode_key(found))

    def is_none(self) -> Expression:
        """The field holds None; not where it is missing."""
        return self._compare(Order.EQUAL, None)

    def exists(self) -> Expression:
        """The field is there, also if it holds None."""
        return Exists(self._names)

    def __bool__(self) -> NoReturn:
        """Refused, as for expressions."""
        raise Misused(
            f"{self!r} is a field to compare, neither true nor false",
            hint="compare it, such as == True or .exists(), and join with & | ~",
        )

    def __contains__(self, value: object) -> NoReturn:
        """Refused: ``in`` gives a bool at once."""
        raise Misused("Python cannot make an expression of `in`", hint="write field.contains(value)")

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Refused: a misspelt method is a name inside a map."""
        raise Misused(
            f"queries have no .{self._names[-1]}()",
            hint="there are == != < <= > >= .between() .in_() .startswith() .contains() .is_none() .exists()",
        )

    def __repr__(self) -> str:
        """As it is written."""
        sign = "-" if self._is_descending else ""
        return f"{sign}where{''.join(_written(name) for name in self._names)}"

    def _compare(self, order: Order, value: object) -> Expression:
        found = self._operand(value)
        if order is not Order.EQUAL and type(found) in _NO_ORDER:
            raise Misused(
                f"nothing is more or less than a {type(found).__name__}",
                hint="compare for equality, or use .is_none() or .exists()",
            )
        return Compare(self._names, order, found, encode_key(found))

    def _operand(self, value: object) -> object:
        """The value to compare with, checked to be one that a field can show."""
        if isinstance(value, Path | Expression):
            raise Misused("a field is compared with a value, not with another field or expression")
        if isinstance(value, set | frozenset):
            for element in value:
                encode_value(element)
            return frozenset(value)
        try:
            encode_value(value)
        except InvalidValue as error:
            raise InvalidValue(
                f"{self!r} cannot be compared with this: {error.message}", hint=error.hint
            ) from error
        return value


class Where:
    """The root of all fields: ``where.title`` or ``where["title"]``."""

    __slots__ = ()
    __iter__ = None

    def __getattr__(self, name: str) -> Path:
        """The field with this name."""
        return self[public_name(name)]

    def __getitem__(self, name: str) -> Path:
        """The field with this name, whatever it is."""
        return Path((check_name(name, "a field name"),))

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Refused."""
        raise Misused("where is not called", hint="write where.title, or where['country code']")

    def __repr__(self) -> str:
        """The name."""
        return "where"


where: Final = Where()
"""Names the fields of documents in queries."""


def public_name(name: str) -> str:
    """The name of a field that is written as an attribute.

    Raises:
        AttributeError: it begins with ``_``, which Python and its tools ask of every object.
    """
    if name.startswith("_"):
        message = f"a field whose name begins with _ goes into brackets: where[{name!r}]"
        raise AttributeError(message)
    return name


def names_of(path: Path) -> FieldPath:
    """The names that a path is made of."""
    return path._names  # noqa: SLF001 - its attributes are the fields of documents


def is_descending(path: Path) -> bool:
    """Whether a path stands for descending order."""
    return path._is_descending  # noqa: SLF001 - its attributes are the fields of documents


def _written(name: str) -> str:
    is_attribute = name.isidentifier() and not name.startswith("_") and name not in _METHODS
    return f".{name}" if is_attribute else f"[{name!r}]"


_METHODS: Final = frozenset(name for name in vars(Path) if not name.startswith("_"))
