"""The views of one query: one for each collection that its text names, and ``conflicts``.

Only what the text names is laid out, so that a query costs by what it uses. The names of the views behind
those that it reads are drawn anew for each query (:class:`syncore.core.queries.QueryScope` says why).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from syncore.core.identifiers import SETTINGS, is_reserved
from syncore.core.ports import SqlConnection
from syncore.core.queries import QueryScope
from syncore.documents.resolvers import ResolveFunction
from syncore.documents.rules import ResolverName
from syncore.replica.settings import load_rules
from syncore.sql.columns import folded, literal, quoted, sql_names
from syncore.sql.functions import EXACT, ORDER, PARTS, PLAIN
from syncore.sql.inbox_table import COLUMNS, CREATED, conflict_rows
from syncore.sql.representation import Sort
from syncore.sql.shapes import ShapeReader
from syncore.storage.document_rows import DocumentRows
from syncore.storage.protection import text

CONFLICTS: Final = "conflicts"
ID: Final = "_id"
_OURS: Final = (CONFLICTS, "json_each", "json_tree")
_STORED_PARTS: Final = (
    # The mark of a long projection, behind the checksum: no other row pays for looking.
    f"CASE substr(projection, 9, 1) WHEN x'C1' THEN (SELECT {PARTS}(part, bytes)"  # noqa: S608 - a constant
    " FROM main.projection_parts WHERE document = documents.document) END"
)
MAX_COLUMNS: Final = 1_900
"""Fields of a collection that are columns: SQLite's own limit is 2,000 columns of one result."""


@dataclass(slots=True)
class Layout:
    """What a query finds; made by :func:`lay_out`.

    Attributes:
        tables: The tables that there are: their names in SQL, by the collection's.
        columns: Of those that the query names, by the table's name: the columns, by the field's name.
        empty: Collections without live documents that the query names: nobody can say which fields they have.
        left_out: Tables with more fields than can be columns.
    """

    tables: dict[str, str]
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a query wants laid out.

    Attributes:
        sql: Its text.
        space: The local number of the space.
        secret: Letters and digits that nobody can guess.
        resolvers: What the conflict inbox decides by.
        wanted: Columns that the query was found to name and that no document has, for empty collections.
    """

    sql: str
    space: int
    secret: str
    resolvers: Mapping[ResolverName, ResolveFunction]
    wanted: Sequence[str] = ()


def lay_out(sql: SqlConnection, question: Question, shapes: ShapeReader) -> tuple[Layout, QueryScope]:
    """Make the views of a query, inside the transaction in which it will run."""
    rules = load_rules(DocumentRows(sql, question.space))
    names = table_names(sql, question.space, rules)
    layout = Layout(tables=names)
    shown: dict[str, str] = {}
    inner: set[str] = set()
    for collection, table in names.items():
        if not _is_named(table, question.sql):
            continue
        fields = dict(shapes.fields(sql, question.space, collection))
        if not fields:
            layout.empty.add(table)
        for name in rules[collection].fields if collection in rules else ():
            fields.setdefault(name, Sort.NOTHING)
        if not layout.empty.isdisjoint({table}):
            fields |= {name: Sort.NOTHING for name in question.wanted if name not in fields and name != ID}
        if len(fields) > MAX_COLUMNS:
            layout.left_out.add(table)
            fields = {name: fields[name] for name in sorted(fields)[:MAX_COLUMNS]}
        columns = sql_names(fields, (ID,))
        layout.columns[table] = {ID: ID, **columns}
        hidden = f"{question.secret}_{len(inner)}"
        selected = "".join(
            f", {_expression(name, fields[name])} AS {quoted(column)}" for name, column in columns.items()
        )
        sql.execute(
            f"CREATE TEMP VIEW {quoted(hidden)} AS SELECT id AS {quoted(ID)}{selected} FROM main.documents"  # noqa: S608 - everything is quoted
            f" WHERE space = {question.space} AND collection = {literal(collection)} AND is_deleted = 0"
        )
        inner.add(hidden)
        shown[table] = hidden
    if _is_named(CONFLICTS, question.sql):
        hidden = f"{question.secret}_{len(inner)}"
        sql.execute(f"CREATE TEMP TABLE {quoted(hidden)} ({CREATED})")
        rows = conflict_rows(sql, question.space, question.resolvers)
        places = ", ".join("?" * len(COLUMNS))
        sql.execute_many(f"INSERT INTO temp.{quoted(hidden)} VALUES ({places})", list(rows))  # noqa: S608 - quoted
        inner.add(hidden)
        layout.columns[CONFLICTS] = {name: name for name in COLUMNS}
        shown[CONFLICTS] = hidden
    # Last of all: a collection may be called like a table of the file, which is then not read any more.
    for table, hidden in shown.items():
        sql.execute(f"CREATE TEMP VIEW {quoted(table)} AS SELECT * FROM temp.{quoted(hidden)}")  # noqa: S608 - quoted
    layout.tables = {**names, CONFLICTS: CONFLICTS} if CONFLICTS not in names else names
    return layout, QueryScope(
        shown=frozenset(shown), inner=frozenset(inner), tables=frozenset({"documents", "projection_parts"})
    )


def table_names(sql: SqlConnection, space: int, ruled: Iterable[str] = ()) -> dict[str, str]:
    """The names in SQL of all collections of a space, and of those that only have settings."""
    return sql_names({*_collections(sql, space), *ruled}, _OURS)


def _expression(name: str, sort: Sort) -> str:
    """A column with the affinity that a declared one with such values would have."""
    plain = f"{PLAIN}(projection, {_STORED_PARTS}, {literal(name)})"
    if Sort.EXACT in sort:
        return f"CAST({EXACT}(projection, {_STORED_PARTS}, {literal(name)}) AS TEXT) COLLATE {ORDER}"
    if sort is Sort.NUMBER:
        return f"CAST({plain} AS NUMERIC)"
    return f"CAST({plain} AS TEXT)" if not sort & ~(Sort.TEXT | Sort.STRUCTURE) else plain


def _is_named(table: str, sql: str) -> bool:
    """Whether a query can mean a table; it has to spell its name in some way."""
    searched = folded(sql)
    spellings = {table, *(table.replace(mark, mark * 2) for mark in "\"'`]")}
    return any(folded(spelling) in searched for spelling in spellings)


def _collections(sql: SqlConnection, space: int) -> set[str]:
    """The collections that ever had a document; a few index look-ups each, however many they have."""
    found: set[str] = set()
    last = ""
    while row := sql.row(
        "SELECT collection FROM documents WHERE space = ? AND collection > ? ORDER BY collection LIMIT 1",
        (space, last),
    ):
        last = text(row[0])
        if last != SETTINGS and not is_reserved(last):
            found.add(last)
    return found
