"""Expressions: what a document has to be like to be found, and whether it is.

An expression is a tree of small frozen objects, made by :data:`syncore.query.paths.where` and joined by
``&``, ``|`` and ``~``. Whether it holds is a pure function of a document's values, and either true or false:

- a comparison holds only for a value of the operand's kind (all numbers are one kind, bool is another), so
  nothing that is missing, None or of another kind is ever less, equal or greater;
- ``~`` turns true into false and false into true, so ``~(where.year == 1979)``, which ``!=`` means, holds
  where there is no year.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn
from uuid import UUID

from syncore.core.errors import Misused
from syncore.query.keys import MISSING, encode_key, kind_prefix

FieldPath = tuple[str, ...]
"""The name of a field, then names inside the maps that it holds."""

MAX_DEPTH = 32
"""How deep expressions nest; chains of one operator count once."""
MAX_TERMS = 1_000
"""Comparisons of one expression, and values of one ``in_``: each is looked at for every document."""

_DIRECT = (int, str, bytes, UUID)
"""Types whose own comparison is the order of keys, and cheaper."""


class Expression:
    """Something that holds for a document or does not. Joined by ``&`` (and), ``|`` (or) and ``~`` (not)."""

    __slots__ = ()

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How deep it nests."""
        return 1

    @property
    def terms(self) -> int:
        """How many comparisons it makes."""
        return 1

    def __and__(self, other: "Expression") -> "Expression":
        """Both hold."""
        return both(self, _operand(other, "&"))

    def __or__(self, other: "Expression") -> "Expression":
        """One of the two holds, or both."""
        return joined(Or, [self, _operand(other, "|")])

    def __invert__(self) -> "Expression":
        """It does not hold."""
        return self.operand if isinstance(self, Not) else _checked(Not(self))

    def __bool__(self) -> NoReturn:
        """Refused: Python asks this for ``and``, ``or``, ``not``, ``in`` and chained comparisons."""
        raise Misused(
            "an expression is neither true nor false until a document is looked at",
            hint="join with & | ~ and parentheses instead of and, or, not; write a < x < b as .between(a, b)",
        )


class Order(Enum):
    """How a value stands to the operand of a comparison."""

    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "=="
    AT_LEAST = ">="
    ABOVE = ">"


_HOLDS: Final[Mapping[Order, Callable[[Any, Any], bool]]] = {
    Order.BELOW: operator.lt,
    Order.AT_MOST: operator.le,
    Order.EQUAL: operator.eq,
    Order.AT_LEAST: operator.ge,
    Order.ABOVE: operator.gt,
}


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Expression):
    """A field's value stands so to a value."""

    path: FieldPath
    order: Order
    value: object
    key: bytes

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        found = look_up(values, self.path)
        if type(found) is type(self.value) and type(found) in _DIRECT:
            return _HOLDS[self.order](found, self.value)
        key = encode_key(found)
        return kind_prefix(key) == kind_prefix(self.key) and _HOLDS[self.order](key, self.key)


@dataclass(frozen=True, slots=True, eq=False)
class OneOf(Expression):
    """A field's value equals one of several."""

    path: FieldPath
    values: tuple[object, ...]
    keys: frozenset[bytes]

    @property
    def terms(self) -> int:
        """How many comparisons it makes."""
        return len(self.values)

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        return encode_key(look_up(values, self.path)) in self.keys


@dataclass(frozen=True, slots=True, eq=False)
class Same(Expression):
    """A field holds exactly this, its type included: 1, 1.0 and True differ."""

    path: FieldPath
    value: object
    key: bytes

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        found = look_up(values, self.path)
        return type(found) is type(self.value) and found == self.value


@dataclass(frozen=True, slots=True, eq=False)
class StartsWith(Expression):
    """A field holds a text that begins so."""

    path: FieldPath
    prefix: str

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        found = look_up(values, self.path)
        return isinstance(found, str) and found.startswith(self.prefix)


@dataclass(frozen=True, slots=True, eq=False)
class Contains(Expression):
    """A field holds a set or list with this element, or a text with this part."""

    path: FieldPath
    value: object
    key: bytes

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        found = look_up(values, self.path)
        if isinstance(found, str):
            return isinstance(self.value, str) and self.value in found
        return isinstance(found, list | frozenset) and any(encode_key(one) == self.key for one in found)


@dataclass(frozen=True, slots=True, eq=False)
class Exists(Expression):
    """A field is there, whatever it holds."""

    path: FieldPath

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        return look_up(values, self.path) is not MISSING


@dataclass(frozen=True, slots=True, eq=False)
class And(Expression):
    """All hold; of nothing at all, that is so."""

    parts: tuple[Expression, ...]
    depth: int = 1
    terms: int = 1

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        return all(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Or(Expression):
    """At least one holds."""

    parts: tuple[Expression, ...]
    depth: int = 1
    terms: int = 1

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        return any(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class Not(Expression):
    """It does not hold."""

    operand: Expression

    @property
    def depth(self) -> int:
        """How deep it nests."""
        return self.operand.depth + 1

    @property
    def terms(self) -> int:
        """How many comparisons it makes."""
        return self.operand.terms

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it holds for a document with these values."""
        return not self.operand.holds(values)


EVERYTHING: Final = And(())


def look_up(values: Mapping[str, object], path: FieldPath) -> object:
    """What a document holds at a path; :data:`MISSING` if nothing."""
    found: object = values.get(path[0], MISSING)
    for name in path[1:]:
        if type(found) is not dict:
            return MISSING
        found = found.get(name, MISSING)
    return found


def both(first: Expression, second: Expression) -> Expression:
    """An expression that holds where both do."""
    return joined(And, [first, second])


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """What all has to hold for the expression to hold."""
    return expression.parts if isinstance(expression, And) else (expression,)


def joined(kind: type[And] | type[Or], given: Iterable[Expression]) -> Expression:
    """Expressions joined by one operator; a chain of it becomes one.

    Raises:
        Misused: it would become too deep, or too long.
    """
    parts = tuple(part for one in given for part in (one.parts if type(one) is kind else (one,)))
    if len(parts) == 1:
        return parts[0]
    depth = 1 + max((part.depth for part in parts), default=0)
    return _checked(kind(parts, depth, sum(part.terms for part in parts)))


def _checked(expression: Expression) -> Expression:
    if expression.depth > MAX_DEPTH:
        raise Misused(f"an expression nests deeper than {MAX_DEPTH} levels")
    if expression.terms > MAX_TERMS:
        raise Misused(
            f"an expression makes more than {MAX_TERMS} comparisons", hint="ask several times, with fewer"
        )
    return expression


def _operand(other: object, sign: str) -> Expression:
    if isinstance(other, Expression):
        return other
    raise Misused(
        f"{sign} joins two expressions, not an expression and a {type(other).__name__}",
        hint=f"put each comparison in parentheses: (where.a == 1) {sign} (where.b == 2)",
    )
