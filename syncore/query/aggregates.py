"""Aggregates: one number or value of many documents, exactly.

Sums are exact whatever the order of the documents: ints and Decimals to the last digit, floats rounded once,
at the end. None and what is missing count for nothing; what is no number cannot be added, and says so.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import Enum
from fractions import Fraction
from typing import Final

from syncore.core.errors import Misused, TooLarge
from syncore.query.expression_encoding import path_in_words
from syncore.query.expressions import FieldPath, look_up
from syncore.query.keys import MISSING, encode_key
from syncore.query.ordering import columns_of
from syncore.query.paths import Path

MAX_SPREAD: Final = 10_000
"""Decimal digits between the greatest and the least addend of a sum: more would be no amount of anything."""
MEAN_DIGITS: Final = 28
"""Digits of a mean of ints and Decimals, as Python's decimal module has by default."""


class Kind(Enum):
    """What is computed."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What to compute, of which field; made by :func:`count`, :func:`sum_` and so on."""

    kind: Kind
    path: FieldPath | None = None


def count(of: str | Path | None = None) -> Aggregate:
    """How many documents there are; of a field: how many have it and hold something but None."""
    return Aggregate(Kind.COUNT, None if of is None else _path(of))


def sum_(of: str | Path) -> Aggregate:
    """The sum of a field, exactly; 0 of nothing. A float if one is among the values."""
    return Aggregate(Kind.SUM, _path(of))


def mean_(of: str | Path) -> Aggregate:
    """The mean of a field: of the exact sum, rounded once to 28 digits, or to a float. None of nothing."""
    return Aggregate(Kind.MEAN, _path(of))


def min_(of: str | Path) -> Aggregate:
    """The least value of a field, in the order of ``order_by``; None of nothing."""
    return Aggregate(Kind.MIN, _path(of))


def max_(of: str | Path) -> Aggregate:
    """The greatest value of a field, in the order of ``order_by``; None of nothing."""
    return Aggregate(Kind.MAX, _path(of))


@dataclass(slots=True)
class Tally:
    """One aggregate while documents come in."""

    aggregate: Aggregate
    count: int = 0
    best: tuple[bytes, object] | None = None
    _parts: dict[int, int] = field(default_factory=dict)
    _floats: Fraction = field(default_factory=Fraction)
    _odd: float = 0.0
    _has_float: bool = False
    _has_decimal: bool = False

    def add(self, values: Mapping[str, object], id_: str) -> None:
        """Take a document in.

        Raises:
            Misused: its field is to be added and holds no number.
        """
        path = self.aggregate.path
        if path is None:
            self.count += 1
            return
        value = look_up(values, path)
        if value is None or value is MISSING:
            return
        if self.aggregate.kind in (Kind.SUM, Kind.MEAN):
            self._add_number(value, path, id_)
        elif self.aggregate.kind is not Kind.COUNT:
            if value != value:  # noqa: PLR0124 - not-a-number is no amount
                return
            self._compare(value)
        self.count += 1

    def result(self) -> object:
        """What it comes to.

        Raises:
            TooLarge: the sum spans more digits than are sensible.
        """
        match self.aggregate.kind:
            case Kind.COUNT:
                return self.count
            case Kind.MIN | Kind.MAX:
                return None if self.best is None else self.best[1]
            case Kind.SUM:
                return self._sum(1)
            case Kind.MEAN:
                return self._sum(self.count) if self.count else None

    def _compare(self, value: object) -> None:
        key = encode_key(value)
        is_wanted_greater = self.aggregate.kind is Kind.MAX
        if self.best is None or (key != self.best[0] and (key > self.best[0]) == is_wanted_greater):
            self.best = (key, value)

    def _add_number(self, value: object, path: FieldPath, id_: str) -> None:
        if type(value) is int:
            self._parts[0] = self._parts.get(0, 0) + value
        elif type(value) is float:
            self._has_float = True
            if math.isfinite(value):
                self._floats += Fraction(value)
            else:
                self._odd += value
        elif type(value) is Decimal:
            self._has_decimal = True
            self._add_decimal(value)
        else:
            raise Misused(
                f"{path_in_words(path)} of {id_!r} is no number but a {type(value).__name__}",
                hint="find only numbers, such as where.field >= Decimal('-Infinity')",
            )

    def _add_decimal(self, value: Decimal) -> None:
        sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            self._has_float = True
            self._odd += float(value)
            return
        number = int(Decimal((sign, digits, 0))) if digits else 0
        self._parts[exponent] = self._parts.get(exponent, 0) + number

    def _sum(self, divisor: int) -> int | float | Decimal:
        if self._odd != 0.0:  # an infinity, or not-a-number: nothing else matters
            return self._odd
        parts = {exponent: number for exponent, number in self._parts.items() if number}
        lowest = min((0, *self._parts)) if not parts else min((*parts, 0))
        if parts and max(parts) - lowest > MAX_SPREAD:
            raise TooLarge(f"the sum has more than {MAX_SPREAD} digits", hint="look at the greatest value")
        scaled: int = sum(number * 10 ** (exponent - lowest) for exponent, number in parts.items())
        if self._has_float:
            exact = (Fraction(scaled) * Fraction(10) ** lowest + self._floats) / divisor
            return _rounded(exact)
        if self.aggregate.kind is Kind.SUM:
            if not self._has_decimal:
                return scaled
            lowest = min((0, *self._parts))  # as many decimal places as the addends show
            shown: int = scaled * 10 ** (min((0, *parts)) - lowest)
            return _decimal(shown, lowest)
        return Context(prec=MEAN_DIGITS).divide(_decimal(scaled, lowest), Decimal(divisor))


def _decimal(number: int, exponent: int) -> Decimal:
    sign, digits, _ = Decimal(number).as_tuple()
    return Decimal((sign, digits, exponent))


def _rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _path(of: str | Path) -> FieldPath:
    [column] = columns_of(of)
    if column.is_descending:
        raise Misused("an aggregate has no direction", hint="leave the - out; where['-name'] for such a name")
    return column.path
