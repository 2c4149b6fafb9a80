"""Documents as an Arrow table or a pandas frame: one column a field, typed by what the field holds.

A column has one type, found from all of its values:

================================  ==========================================================================
ints within 64 bits               ``int64``
other ints, decimals, both mixed  ``decimal128`` or ``decimal256`` with room for every digit
floats, with small ints or not    ``float64``
datetimes                         ``timestamp[us]`` in their zone; in UTC where they are in several
dates, bytes, texts, booleans     ``date32``, ``binary``, ``string``, ``bool``; UUIDs are strings too
lists, sets                       ``list`` of what they hold; sets in a canonical order
maps                              ``struct`` of all their keys
anything else, or a mixture       ``string`` holding JSON, marked ``{"syncore": "json"}`` in its metadata
================================  ==========================================================================

Absent fields and None are null. pyarrow and pandas are loaded when they are first used.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from syncore.core.errors import InvalidValue, Misused
from syncore.documents.projection import FieldValue
from syncore.documents.structures import encode_element
from syncore.exchange.json_forms import field_to_json
from syncore.replica.views import Document

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ID_COLUMN: Final = "$id"
JSON_MARK: Final = {b"syncore": b"json"}

_EXACT_FLOAT: Final = 2**53
_MAX_INT64: Final = 2**63
_MAX_DIGITS: Final = 76
_SHORT_DIGITS: Final = 38
_MINUTE: Final = timedelta(minutes=1)

Converted = tuple["pa.DataType", list[object]]


class _MixedError(Exception):
    """Values that no one type of a column holds."""


def require(name: str, extra: str) -> ModuleType:
    """A library that is installed on request only.

    Raises:
        Misused: it is not there; the hint is the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise Misused(f"this needs {name}", hint=f'pip install "syncore[{extra}]"') from error


class TableBuilder:
    """Collects documents, then makes a table of them."""

    def __init__(self, fields: Sequence[str] | None) -> None:
        """Take those fields, or all that there are, by name.

        Raises:
            Misused: pyarrow is not installed.
        """
        self._arrow = require("pyarrow", "arrow")
        self._fields = None if fields is None else list(fields)
        self._ids: list[str] = []
        self._columns: dict[str, dict[int, FieldValue]] = {}

    def add(self, document: Document) -> None:
        """Take a document."""
        row = len(self._ids)
        self._ids.append(document.id)
        for name in document if self._fields is None else self._fields:
            if name in document:
                self._columns.setdefault(name, {})[row] = document[name]

    def table(self) -> "pa.Table":
        """All documents as a table, with ``$id`` first.

        Raises:
            InvalidValue: a field is called ``$id`` itself.
        """
        names = sorted(self._columns) if self._fields is None else self._fields
        if ID_COLUMN in names:
            raise InvalidValue(f"a field called {ID_COLUMN} cannot stand beside the ids")
        arrow = self._arrow
        fields = [arrow.field(ID_COLUMN, arrow.string(), nullable=False)]
        arrays = [arrow.array(self._ids, arrow.string())]
        for name in names:
            cells = self._columns.get(name, {})
            rows = range(len(self._ids))
            values: list[object] = [cells.get(row) for row in rows]
            try:
                type_, converted = _Conversion(arrow).convert(values)
                metadata = None
            except (_MixedError, OverflowError):
                type_, converted, metadata = (
                    arrow.string(),
                    [_json(cells.get(row)) for row in rows],
                    JSON_MARK,
                )
            fields.append(arrow.field(name, type_, metadata=metadata))
            arrays.append(arrow.array(converted, type_))
        return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields))


def to_frame(table: "pa.Table") -> "pd.DataFrame":
    """The table as a frame whose columns keep Arrow's types, so that ints with gaps stay ints.

    Raises:
        Misused: pandas is not installed.
    """
    pandas = require("pandas", "pandas")
    return table.to_pandas(types_mapper=pandas.ArrowDtype)


class _Conversion:
    """One column's values on their way to one type."""

    def __init__(self, arrow: ModuleType) -> None:
        self._arrow = arrow

    def convert(self, values: list[object]) -> Converted:
        """The type, and the values as pyarrow takes them for it.

        Raises:
            _MixedError, OverflowError: there is none.
        """
        kinds = frozenset(type(value) for value in values if value is not None)
        if not kinds:
            return self._arrow.null(), values
        for accepted, method in self._methods().items():
            if kinds <= accepted:
                return method(values)
        raise _MixedError

    def _methods(self) -> Mapping[frozenset[type], Callable[[list[object]], Converted]]:
        arrow = self._arrow
        return {
            frozenset({bool}): lambda values: (arrow.bool_(), values),
            frozenset({int}): self._integers,
            frozenset({int, float}): self._floats,
            frozenset({int, Decimal}): self._decimals,
            frozenset({str}): lambda values: (arrow.string(), values),
            frozenset({bytes}): lambda values: (arrow.binary(), values),
            frozenset({date}): lambda values: (arrow.date32(), values),
            frozenset({datetime}): self._datetimes,
            frozenset({UUID}): lambda values: (arrow.string(), _each(str, values)),
            frozenset({list}): self._lists,
            frozenset({frozenset}): lambda values: self._lists(_each(_ordered, values)),
            frozenset({dict}): self._maps,
        }

    def _integers(self, values: list[object]) -> Converted:
        if all(-_MAX_INT64 <= value < _MAX_INT64 for value in values if isinstance(value, int)):
            return self._arrow.int64(), values
        return self._decimals(values)

    def _floats(self, values: list[object]) -> Converted:
        if any(isinstance(value, int) and abs(value) > _EXACT_FLOAT for value in values):
            raise _MixedError
        return self._arrow.float64(), values

    def _decimals(self, values: list[object]) -> Converted:
        whole = scale = 0
        for value in values:
            if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
                raise _MixedError
            if isinstance(value, int | Decimal):
                _, digits, exponent = Decimal(value).as_tuple()
                if not isinstance(exponent, int):  # not a number, or infinite
                    raise _MixedError
                whole = max(whole, len(digits) + exponent)
                scale = max(scale, -exponent)
        precision = max(whole + scale, 1)
        if precision > _MAX_DIGITS:
            raise _MixedError
        make = self._arrow.decimal128 if precision <= _SHORT_DIGITS else self._arrow.decimal256
        return make(precision, scale), _each(Decimal, values)

    def _datetimes(self, values: list[object]) -> Converted:
        zones = {_zone_name(value) for value in values if isinstance(value, datetime)}
        zone = zones.pop() if len(zones) == 1 else "UTC"
        return self._arrow.timestamp("us", tz=zone), _each(_in_utc, values)

    def _lists(self, values: list[object]) -> Converted:
        flat = [item for value in values if isinstance(value, list) for item in value]
        type_, converted = self.convert(flat)
        items = iter(converted)
        lists: list[object] = [
            [next(items) for _ in value] if isinstance(value, list) else None for value in values
        ]
        return self._arrow.list_(type_), lists

    def _maps(self, values: list[object]) -> Converted:
        maps = [value if isinstance(value, dict) else {} for value in values]
        names = sorted({name for one in maps for name in one})
        if not names:
            raise _MixedError
        columns = {name: self.convert([one.get(name) for one in maps]) for name in names}
        type_ = self._arrow.struct([self._arrow.field(name, columns[name][0]) for name in names])
        structs: list[object] = [
            None if value is None else {name: columns[name][1][row] for name in names}
            for row, value in enumerate(values)
        ]
        return type_, structs


def _each(convert: Callable[..., object], values: Iterable[object]) -> list[object]:
    return [None if value is None else convert(value) for value in values]


def _ordered(elements: frozenset[object]) -> list[object]:
    return sorted(elements, key=encode_element)


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _zone_name(value: datetime) -> str:
    """A zone as Arrow names it, if it knows it; UTC otherwise, which is the same instant."""
    zone, offset = value.tzinfo, value.utcoffset()
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    if type(zone) is timezone and offset and not offset % _MINUTE:
        hours, minutes = divmod(abs(offset) // _MINUTE, 60)
        return f"{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}"
    return "UTC"


def _json(value: FieldValue) -> str | None:
    if value is None:
        return None
    return json.dumps(field_to_json(value, None), ensure_ascii=False, allow_nan=False)
