"""Every row by itself: does each column hold what it is declared to, and does every checksum hold?"""

from collections.abc import Iterator

from syncore.core.errors import IntegrityError
from syncore.core.ports import Row, SqlValue
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.storage.protection import recover

UNPROTECTED = {"id", "generation", "running_hash", "hash"}
"""Columns of blobs that are names and hashes, without a checksum of their own."""
_MENDS = {
    "documents": Mend.STATES,
    "projection_parts": Mend.STATES,
    "standings": Mend.STATES,
    "document_references": Mend.STATES,
    "claims": Mend.STATES,
    "states": Mend.LOG,
    "rich_updates": Mend.LOG,
    "rich_clocks": Mend.LOG,
    "writers": Mend.LOG,
    "closed_writers": Mend.LOG,
    "waiting_entries": Mend.LOG,
    "indexes": Mend.STATES,
    "invalid_documents": Mend.STATES,
    "segments": Mend.RELAY,
    "control": Mend.RELAY,
    "running_hashes": Mend.RELAY,
    "undo_steps": Mend.FORGET,
    "redo_steps": Mend.FORGET,
}
_TYPES = {"INTEGER": "integer", "TEXT": "text", "BLOB": "blob"}


def mend_of(table: str) -> Mend:
    """What a damaged row of a table is mended from."""
    return _MENDS.get(table, Mend.NOTHING)


def examine(subject: Subject) -> Iterator[Finding]:
    """Types and checksums of every column of every row of every table."""
    tables = [
        str(row[0])
        for row in subject.sql.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            " AND name NOT LIKE 'index_entries_%' AND name NOT LIKE 'text_entries_%' ORDER BY name"
        )
    ]
    counts = {table: subject.count(table) for table in tables}
    done, total = 0, sum(counts.values())
    for table in tables:
        for number, found in enumerate(_examine_table(subject, table)):
            yield from found
            if number % PAGE_ROWS == 0:
                subject.progress("rows", done + number, total)
        done += counts[table]


def _examine_table(subject: Subject, table: str) -> Iterator[list[Finding]]:
    declared = subject.sql.rows(f"PRAGMA table_info({table})")
    columns = [(str(row[1]), str(row[2]), bool(row[3]) or bool(row[5])) for row in declared]
    keys = [str(row[1]) for row in sorted((row for row in declared if row[5]), key=lambda row: str(row[5]))]
    listed = ", ".join(keys)
    values = ", ".join(
        f"typeof({name}), CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
        for name, _, _ in columns
    )
    for row in subject.walk(table, listed, f"{listed}, {values}"):
        pairs = list(zip(row[len(keys) :: 2], row[len(keys) + 1 :: 2], strict=True))
        yield list(_examine_row(table, keys, row, columns, pairs))


def _examine_row(
    table: str,
    keys: list[str],
    row: Row,
    columns: list[tuple[str, str, bool]],
    values: list[tuple[SqlValue, SqlValue]],
) -> Iterator[Finding]:
    by_name = {name: value for (name, _, _), (_, value) in zip(columns, values, strict=True)}
    for (name, declared, is_required), (found, value) in zip(columns, values, strict=True):
        what = _problem(name, declared, found, value, is_required=is_required)
        if what:
            number = by_name.get("document")
            space = by_name.get("space")
            yield Finding(
                examination="rows",
                table=table,
                row=place(table, keys, row[: len(keys)], by_name),
                what=f"{name}: {what}",
                mend=mend_of(table),
                document=number if isinstance(number, int) else None,
                space=space if isinstance(space, int) else None,
            )


def place(table: str, keys: list[str], key: Row, values: dict[str, SqlValue]) -> str:
    """A row, as people know it."""
    if table == "documents":
        return f"{said(values['collection'])}/{said(values['id'])}"
    return ", ".join(f"{name} {said(value)}" for name, value in zip(keys, key, strict=True))


def _problem(name: str, declared: str, found: SqlValue, value: SqlValue, *, is_required: bool) -> str:
    """What is wrong with one value; empty if nothing is."""
    if found == "null":
        return "it is missing" if is_required else ""
    if found != _TYPES.get(declared):
        return f"it is no {declared}"
    if found == "text":
        assert isinstance(value, bytes)
        try:
            value.decode()
        except UnicodeDecodeError:
            return "it is no text"
    if declared == "BLOB" and name not in UNPROTECTED:
        try:
            recover(value, what="it")
        except IntegrityError:
            return "its checksum does not hold"
    return ""
