"""SQLite's own table of tables, against those that this version makes."""

from collections.abc import Iterator

from syncore.core.ports import SqlConnection, SqlValue
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.subject import Subject
from syncore.replica.index_upkeep import known_tables
from syncore.storage.index_rows import entries_table
from syncore.storage.schema import INDEX_TABLES, prepare

_COLUMNS = "type, name, tbl_name, sql"
_Entry = tuple[SqlValue, ...]


def examine(subject: Subject) -> Iterator[Finding]:
    """Tables and indexes that are not there, that should not be, or that are declared otherwise."""
    with subject.scratch() as scratch:
        prepare(scratch)
        known = known_tables(subject.sql)
        for (number,) in subject.sql.rows("SELECT number FROM indexes"):
            scratch.execute(known.get(number, entries_table(int(str(number)))))
        expected = _entries(scratch)
    found = _entries(subject.sql)
    for entry in expected - found:
        yield Finding(
            examination="schema",
            table="schema",
            row=f"{said(entry[0])} {said(entry[1])}",
            what="it is missing, or declared otherwise than this version of syncore declares it",
            mend=Mend.ROWS,
        )
    names = {entry[1] for entry in expected}
    for entry in found - expected:
        if entry[1] not in names:
            yield Finding(
                examination="schema",
                table="schema",
                row=f"{said(entry[0])} {said(entry[1])}",
                what="no replica has this",
                mend=Mend.ROWS,
            )


def fits(sql: SqlConnection, scratch: SqlConnection) -> bool:
    """Whether a file has exactly the tables of this version, whatever its number says."""
    prepare(scratch)
    found = {entry for entry in _entries(sql) if not str(entry[2]).startswith(INDEX_TABLES[1:])}
    return found == _entries(scratch)


def _entries(sql: SqlConnection) -> set[_Entry]:
    """What is declared; SQLite's statistics are nobody's data."""
    return {
        row
        for row in sql.rows(f"SELECT {_COLUMNS} FROM sqlite_schema")  # noqa: S608 - a constant
        if not str(row[1]).startswith("sqlite_stat")
    }
