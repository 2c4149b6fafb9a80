"""What it takes to run SQL that somebody else wrote: the terms of the ``Analyst`` port."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from syncore.core.sql_values import Row, SqlValue


class SqlAggregate(Protocol):
    """One group of an aggregate function."""

    def step(self, *arguments: SqlValue) -> None:
        """Take one row."""
        ...

    def finalize(self) -> SqlValue:
        """The result of the group."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFunctions:
    """Functions that SQL can call; each depends on its arguments alone.

    Attributes:
        scalars: By name: the number of arguments (-1: any) and the function.
        aggregates: By name: the number of arguments and what makes one group.
        collations: By name: less than 0, 0 or more than 0 for two texts; never raises.
        inner: Names of scalars that only inner views may call.
    """

    scalars: Mapping[str, tuple[int, Callable[..., SqlValue]]] = field(default_factory=dict)
    aggregates: Mapping[str, tuple[int, Callable[[], SqlAggregate]]] = field(default_factory=dict)
    collations: Mapping[str, Callable[[str, str], int]] = field(default_factory=dict)
    inner: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryScope:
    """What a query can reach.

    Attributes:
        shown: Temporary views that it may read.
        inner: Temporary views and tables behind those. Their names cannot be guessed: a query could give a
            name of its own to what it reads, and SQLite tells the two apart by their names alone.
        tables: Tables of the file that inner views read.
    """

    shown: frozenset[str]
    inner: frozenset[str]
    tables: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryBounds:
    """What a query may take.

    Attributes:
        seconds: How long it may run, waiting for its turn not counted.
        rows: How many rows are fetched.
        result_bytes: How large they may be together.
    """

    seconds: float
    rows: int
    result_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer:
    """What a query gave.

    Attributes:
        columns: The names of the columns.
        rows: The rows, at most as many as the bounds allow.
        is_complete: Whether there are no more.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    is_complete: bool
