"""Copying a damaged file's rows into an empty one: what is wrong with pages and indexes stays behind."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from syncore.core.errors import SyncoreError
from syncore.core.ports import Row, SqlConnection, SqlValue
from syncore.replica.doctor.subject import PAGE_ROWS
from syncore.replica.index_upkeep import known_tables
from syncore.storage.index_rows import entries_table
from syncore.storage.standing_rows import STANDING_TABLES

_MAX_PAGES = 1 << 32
"""Pages that lead around in a circle end somewhere."""
FORGETTABLE = {"undo_steps", "redo_steps", "pending_documents", "running_hashes"}
"""Tables that may lose rows: they are computed or received anew, or only undoing needs them. It is told."""
MISSED = {"projection_parts", "states", "rich_updates", "rich_clocks", "writers", *STANDING_TABLES}
"""Tables whose lost rows are missed when the copy is examined, so that nothing is lost unseen."""


def copy_rows(
    source: SqlConnection, target: SqlConnection, told: Callable[[str, int, int], None]
) -> list[str]:
    """Copy every row that reads, as it is; the tables that have lost some, because their pages do not read.

    Args:
        source: The damaged file.
        target: A file that was just prepared.
        told: Called with a table's name, how many tables are done, and of how many.
    """
    tables = [
        str(row[0])
        for row in target.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        if not str(row[0]).startswith("sqlite_")
    ]
    lost: list[str] = []
    for place, table in enumerate(tables):
        told(table, place, len(tables))
        if not _copy_table(source, target, table):
            lost.append(table)
    known = known_tables(target)
    for (number,) in target.rows("SELECT number FROM indexes"):  # built anew when the file is opened
        target.execute(known.get(number, entries_table(int(str(number)))))
    target.execute("UPDATE indexes SET stage = 0, built_to = '', built = 0 WHERE stage < 2")
    return lost


def _copy_table(source: SqlConnection, target: SqlConnection, table: str) -> bool:
    """Copy a table; whether all of its rows came along."""
    copied = _Copied(source, target, table)
    try:
        known = max(_count_by_indexes(source, target, table), _number(source, f"{table} NOT INDEXED"))
        copied.by_keys()
        if copied.count < known:
            copied.by_places()  # keys that are damaged are out of their order
    except SyncoreError:
        with suppress(SyncoreError):
            copied.by_keys(backwards=True)  # what lies behind the pages that do not read
        return False
    return copied.count >= known


class _Copied:
    """The rows of one table on their way."""

    def __init__(self, source: SqlConnection, target: SqlConnection, table: str) -> None:
        declared = target.rows(f"PRAGMA table_info({table})")
        self._source, self._target, self._table = source, target, table
        self._columns = ", ".join(str(row[1]) for row in declared)
        self._marks = ", ".join("?" * len(declared))
        self._keys = [str(row[1]) for row in sorted((row for row in declared if row[5]), key=_place_in_key)]
        self.count = 0

    def by_keys(self, *, backwards: bool = False) -> None:
        """In the order of the keys, a page at a time."""
        keys = ", ".join(self._keys)
        order = ", ".join(f"{key} DESC" for key in self._keys) if backwards else keys
        after: Sequence[SqlValue] = ()
        for _ in range(_MAX_PAGES):
            condition = f"WHERE ({keys}) {'<' if backwards else '>'} ({', '.join('?' * len(after))})"
            page = self._source.rows(
                f"SELECT {keys}, {self._columns} FROM {self._table} NOT INDEXED"  # noqa: S608
                f" {condition if after else ''} ORDER BY {order} LIMIT {PAGE_ROWS}",
                after,
            )
            self._add([row[len(self._keys) :] for row in page])
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][: len(self._keys)]

    def by_places(self) -> None:
        """In the order of the pages, which takes long for many rows."""
        offset = 0
        while page := self._source.rows(
            f"SELECT {self._columns} FROM {self._table} NOT INDEXED LIMIT {PAGE_ROWS} OFFSET {offset}"  # noqa: S608
        ):
            self._add(page)
            offset += len(page)

    def _add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.count += self._target.execute(
                f"INSERT OR IGNORE INTO {self._table} ({self._columns}) VALUES ({self._marks})",  # noqa: S608
                row,
            )


def _place_in_key(declared: Row) -> int:
    return int(str(declared[5]))


def _count_by_indexes(source: SqlConnection, target: SqlConnection, table: str) -> int:
    """The most rows that any of the table's indexes knows of; what is damaged there counts for nothing."""
    most = 0
    for row in target.rows(f"PRAGMA index_list({table})"):
        if not row[4]:  # not a partial one
            with suppress(SyncoreError):
                most = max(most, _number(source, f"{table} INDEXED BY {row[1]!s}"))
    return most


def _number(source: SqlConnection, what: str) -> int:
    found = source.row(f"SELECT count(*) FROM {what}")  # noqa: S608 - names of ours
    return int(str(found[0])) if found else 0
