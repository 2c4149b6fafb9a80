"""What a query gives to programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from syncore.documents.projection import FieldValue


class SqlRow(Sequence[FieldValue]):
    """One row: its values by position or by the column's name; ``dict(zip(row.columns, row))`` has both."""

    __slots__ = ("_places", "_values")

    def __init__(self, values: tuple[FieldValue, ...], places: Mapping[str, int]) -> None:
        """Programs get rows from :meth:`syncore.Replica.sql`."""
        self._values = values
        self._places = places

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; of several with one name, the first."""
        return tuple(self._places)

    @overload
    def __getitem__(self, key: int) -> FieldValue: ...
    @overload
    def __getitem__(self, key: str) -> FieldValue: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[FieldValue]: ...
    def __getitem__(self, key: int | str | slice) -> FieldValue | Sequence[FieldValue]:
        """The value of a column, or of several by position."""
        return self._values[self._places[key] if isinstance(key, str) else key]

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._values)

    def __iter__(self) -> Iterator[FieldValue]:
        """The values in the order of the columns."""
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        """Whether the values are equal to those of another row, or of a tuple."""
        if isinstance(other, SqlRow):
            return self._values == other._values
        return self._values == other if isinstance(other, tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # values may be lists

    def __repr__(self) -> str:
        """As a tuple."""
        return repr(self._values)


class SqlRows(Sequence[SqlRow]):
    """The rows of a query, read whole.

    Attributes:
        columns: The names of the columns.
        is_complete: False where ``limit`` left rows out.
    """

    __slots__ = ("_rows", "columns", "is_complete")

    def __init__(
        self, columns: tuple[str, ...], rows: Sequence[tuple[FieldValue, ...]], *, is_complete: bool
    ) -> None:
        """Programs get rows from :meth:`syncore.Replica.sql`."""
        self.columns = columns
        self.is_complete = is_complete
        places = {name: place for place, name in reversed(list(enumerate(columns)))}
        in_order = {name: places[name] for name in dict.fromkeys(columns)}
        self._rows = [SqlRow(row, in_order) for row in rows]

    @overload
    def __getitem__(self, key: int) -> SqlRow: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[SqlRow]: ...
    def __getitem__(self, key: int | slice) -> SqlRow | Sequence[SqlRow]:
        """A row, or several."""
        return self._rows[key]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[SqlRow]:
        """The rows in their order."""
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        """Whether the rows are equal to those of another result, or of a list of tuples."""
        if isinstance(other, SqlRows):
            return self._rows == other._rows
        return self._rows == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # values may be lists

    def __repr__(self) -> str:
        """As a list of tuples."""
        return repr(self._rows)
