"""Sums and averages without rounding on the way, and the least and greatest across types."""

import math
from decimal import Context, Decimal, Inexact, Overflow
from fractions import Fraction
from typing import Final

from syncore.core.errors import Misused
from syncore.core.sql_values import SqlValue
from syncore.documents.value_order import OrderKey
from syncore.sql.ordering import field_order
from syncore.sql.representation import from_sql, to_plain

MAX_SUM_DIGITS: Final = 10_000
"""Digits of a sum: more than the longest int has, and few enough that adding a number stays quick."""
QUOTIENT_DIGITS: Final = 34
"""Digits of an average that does not come out even: those of IEEE 754's decimal128."""

_EXACTLY: Final = Context(prec=MAX_SUM_DIGITS, traps=[Inexact, Overflow])
_SPECIAL: Final = Context(prec=MAX_SUM_DIGITS, traps=[])


class ExactSum:
    """``exact_sum``: an int, a Decimal or, where all that is not an int is a float, the nearest float."""

    __slots__ = ("_integers", "_others", "count", "has_decimal", "has_float")

    def __init__(self) -> None:
        """Nothing summed yet."""
        self._integers = 0
        self._others = Decimal(0)
        self.count = 0
        self.has_decimal = self.has_float = False

    def step(self, *arguments: SqlValue) -> None:
        """Add a number; NULL is passed over."""
        value = from_sql(arguments[0])
        if value is None:
            return
        self.count += 1
        if isinstance(value, int):
            self._integers += value
            return
        if isinstance(value, float):
            self.has_float = True
            value = Decimal.from_float(value)  # noqa: FURB164 - the constructor can be told to refuse
        elif isinstance(value, Decimal):
            self.has_decimal = True
        else:
            raise Misused(f"a sum cannot take {type(value).__name__} values, such as {str(value)[:40]!r}")
        self._others = self._add(value)

    def finalize(self) -> SqlValue:
        """The sum; NULL of nothing."""
        return to_plain(self.total()) if self.count else None

    def total(self) -> int | float | Decimal:
        """The sum so far."""
        if not (self.has_decimal or self.has_float):
            return self._integers
        total = self._add(Decimal(self._integers))
        return total if self.has_decimal else float(total)

    def _add(self, value: Decimal) -> Decimal:
        if not (value.is_finite() and self._others.is_finite()):
            return _SPECIAL.add(self._others, value)
        try:
            return _EXACTLY.add(self._others, value)
        except (Inexact, Overflow) as error:
            raise Misused(f"the sum has more than {MAX_SUM_DIGITS} digits") from error


class ExactAverage(ExactSum):
    """``exact_avg``: a Decimal, rounded once, at the end; a float where there is nothing but floats."""

    __slots__ = ()

    def finalize(self) -> SqlValue:
        """The sum divided by the count; NULL of nothing."""
        if not self.count:
            return None
        total = self.total()
        if isinstance(total, float):
            return to_plain(self._nearest(total))
        quotient = Context(prec=QUOTIENT_DIGITS, traps=[]).divide(Decimal(total), Decimal(self.count))
        return to_plain(quotient)

    def _nearest(self, total: float) -> float:
        if not math.isfinite(total):
            return total
        return float(Fraction(self._add(Decimal(self._integers))) / self.count)


class ExactMinimum:
    """``exact_min``: the least value, as it is."""

    __slots__ = ("_found", "_key")

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._found: SqlValue = None
        self._key: OrderKey | None = None

    def step(self, *arguments: SqlValue) -> None:
        """Look at a value; NULL is passed over."""
        value = arguments[0]
        if value is not None:
            key = field_order(from_sql(value))
            if self._key is None or self.is_better(key, self._key):
                self._found, self._key = value, key

    def finalize(self) -> SqlValue:
        """What was found; NULL of nothing."""
        return self._found

    def is_better(self, key: OrderKey, than: OrderKey) -> bool:
        """Whether to take a value instead of the one that was found before."""
        return key < than


class ExactMaximum(ExactMinimum):
    """``exact_max``: the greatest value, as it is."""

    __slots__ = ()

    def is_better(self, key: OrderKey, than: OrderKey) -> bool:
        """Whether to take a value instead of the one that was found before."""
        return key > than
