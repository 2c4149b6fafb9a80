"""Queries: from what a program asks to what it gets, or to an error that says what there is."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from syncore.codec.values import encode_value
from syncore.core.arguments import check_number
from syncore.core.errors import Misused, TooLarge
from syncore.core.limits import MIB
from syncore.core.ports import Analyst, Entropy, SqlConnection
from syncore.core.queries import QueryAnswer, QueryBounds, QueryScope
from syncore.core.sql_values import SqlValue
from syncore.replica.local_replica import LocalReplica
from syncore.sql.columns import clashes, quoted
from syncore.sql.layout import Layout, Question, lay_out, table_names
from syncore.sql.representation import from_sql, to_plain
from syncore.sql.rows import SqlRows
from syncore.sql.shapes import ShapeReader

DEFAULT_TIMEOUT_S: Final = 10.0
"""A full scan of some hundred thousand documents; what takes longer is mostly a join without a condition."""
MAX_ROWS: Final = 100_000
"""Rows of one result, which is read whole; more than that is for ``find``, or for an aggregate."""
MAX_RESULT_BYTES: Final = 64 * MIB
"""All values of one result: they are in memory twice for a moment."""
_SECRET_BYTES: Final = 16
_MAX_LISTED: Final = 12
"""Names in a hint."""
_MAX_GUESSES: Final = 50
"""Columns that a query may name of collections which have no documents."""
_NO_TABLE: Final = "no such table: "
_NO_COLUMN: Final = "no such column: "

Parameters = Sequence[object] | Mapping[str, object]


class SqlService:
    """Read-only SQL over the spaces of one replica."""

    def __init__(self, local: LocalReplica, analyst: Analyst | None, entropy: Entropy) -> None:
        """Answer with what ``analyst`` finds; without one, refuse."""
        self._local = local
        self._analyst = analyst
        self._entropy = entropy
        self._shapes = ShapeReader()

    async def query(
        self, number: int, sql: str, parameters: Parameters, *, limit: int | None, timeout_s: float
    ) -> SqlRows:
        """See :meth:`syncore.Space.sql`."""
        if self._analyst is None:
            raise Misused("this replica was composed without SQL")
        if type(sql) is not str:
            raise Misused(f"a query is a str, not {type(sql).__name__}")
        if limit is not None and (type(limit) is not int or not 1 <= limit <= MAX_ROWS):
            raise Misused(f"limit is an int from 1 to {MAX_ROWS}, not {limit!r}")
        check_number(timeout_s, "timeout_s")
        if not 0 < timeout_s < float("inf"):
            raise Misused("timeout_s is a number of seconds above 0")
        bounds = QueryBounds(seconds=timeout_s, rows=limit or MAX_ROWS, result_bytes=MAX_RESULT_BYTES)
        answer = await self._ask(self._analyst, number, sql, _bound(parameters), bounds)
        if limit is None and not answer.is_complete:
            raise TooLarge(
                f"the result has more than {MAX_ROWS} rows", hint="add a LIMIT, pass limit=, or aggregate"
            )
        rows = [tuple(map(from_sql, row)) for row in answer.rows]
        return SqlRows(answer.columns, rows, is_complete=answer.is_complete)

    async def tables(self, number: int) -> dict[str, str]:
        """The names in SQL of a space's collections."""
        return await self._local.read(lambda sql: table_names(sql, number))

    async def close(self) -> None:
        """Release the file. Idempotent."""
        if self._analyst is not None:
            await self._analyst.close()

    async def _ask(
        self,
        analyst: Analyst,
        number: int,
        sql: str,
        parameters: Sequence[SqlValue] | Mapping[str, SqlValue],
        bounds: QueryBounds,
    ) -> QueryAnswer:
        """Ask; where a collection is empty, once more for each column that it might have had."""
        wanted: list[str] = []
        while True:
            laid_out: list[Layout] = []
            question = Question(
                sql=sql,
                space=number,
                secret="s" + self._entropy.random_bytes(_SECRET_BYTES).hex(),
                resolvers=self._local.resolvers,
                wanted=tuple(wanted),
            )

            def scope(
                connection: SqlConnection, question: Question = question, kept: list[Layout] = laid_out
            ) -> QueryScope:
                layout, found = lay_out(connection, question, self._shapes)
                kept.append(layout)
                return found

            try:
                return await analyst.ask(sql, parameters, scope, bounds)
            except Misused as error:
                message = error.details.get("sqlite_message")
                if not laid_out or not isinstance(message, str):
                    raise
                name = _unknown(message, _NO_COLUMN)
                if name and laid_out[0].empty and name not in wanted and len(wanted) < _MAX_GUESSES:
                    wanted.append(name)
                    continue
                raise Misused(
                    error.message, hint=hint_for(message, laid_out[0]) or error.hint, **error.details
                ) from error


def hint_for(message: str, layout: Layout) -> str:
    """What there is, for a query that asked for something that is not; empty where that does not help."""
    if message.startswith(_NO_TABLE):
        name = _unknown(message, _NO_TABLE)
        if alike := clashes(name, layout.tables):
            return f"several are called so but for upper and lower case: {_listed(alike)}"
        return f"there are {_listed(_nearest(name, list(layout.tables.values())))}"
    if message.startswith(_NO_COLUMN):
        name = _unknown(message, _NO_COLUMN)
        for table, columns in layout.columns.items():
            if alike := clashes(name, columns):
                return f"{table} has {_listed(alike)}, which differ from it or from each other in case only"
        found = [
            f"{quoted_if_needed(table)} has {_listed(_nearest(name, list(columns.values())))}"
            for table, columns in layout.columns.items()
        ]
        more = [f"{table} has more fields than can be columns" for table in sorted(layout.left_out)]
        return "; ".join(found + more)
    return ""


def quoted_if_needed(name: str) -> str:
    """A name as a query has to write it, as far as that can be told."""
    return name if name.isascii() and name.isidentifier() else quoted(name)


def _unknown(message: str, beginning: str) -> str:
    """The name that SQLite did not find, without the table's."""
    return message[len(beginning) :].rpartition(".")[2] if message.startswith(beginning) else ""


def _nearest(name: str, names: list[str]) -> list[str]:
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return close + [other for other in names if other not in close]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(quoted_if_needed, names[:_MAX_LISTED]))
    more = len(names) - _MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown or "nothing"


def _bound(parameters: Parameters) -> list[SqlValue] | dict[str, SqlValue]:
    if isinstance(parameters, Mapping):
        return {name: _parameter(value) for name, value in parameters.items()}
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence):
        raise Misused("parameters are a list for ? or a dict for :name", hint="write [value]")
    return [_parameter(value) for value in parameters]


def _parameter(value: object) -> SqlValue:
    """A value as the views have it.

    Raises:
        InvalidValue: it is nothing that a field could hold.
    """
    if isinstance(value, frozenset | set):
        return to_plain(frozenset(value))
    encode_value(value)
    return to_plain(value)  # type: ignore[arg-type]  # encoding has found it to be a value
