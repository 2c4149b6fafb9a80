"""The tables of a replica file (``docs/formats/replica-file.md``), and how each format grew out of the last.

State rows hold confirmed content only; own commits that the relay has not acknowledged are rows of
``pending`` beside them, and ``documents.projection`` shows both together. Every blob that is not a key
carries a checksum.
"""

from syncore.core.errors import NewerFormat, NotAReplica, OlderFormat
from syncore.core.ports import SqlConnection

APPLICATION_ID = 0x53594E43
"""``SYNC`` in SQLite's application_id: what makes a database file a replica."""
FORMAT = 3
INDEX_TABLES = ("indexes", "index_entries_", "text_entries_")
"""What the tables of indexes, and what is made for each of them, are called or begin with."""

_FORMAT_1 = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE spaces (
        space INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, is_default INTEGER NOT NULL, writer INTEGER NOT
        NULL, generation BLOB, log_offset INTEGER NOT NULL, running_hash BLOB, receipt BLOB,
        relay_losses INTEGER NOT NULL)""",
    """CREATE TABLE documents (
        document INTEGER PRIMARY KEY, space INTEGER NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
        edition INTEGER NOT NULL, is_deleted INTEGER NOT NULL, contest INTEGER NOT NULL,
        projection BLOB NOT NULL,
        UNIQUE (space, collection, id, edition))""",
    "CREATE INDEX contested_documents ON documents (space, collection, id, edition) WHERE contest > 0",
    "CREATE TABLE states (document INTEGER PRIMARY KEY, state BLOB NOT NULL)",
    """CREATE TABLE rich_updates (
        document INTEGER NOT NULL, sequence INTEGER NOT NULL, update_bytes BLOB NOT NULL,
        PRIMARY KEY (document, sequence)) WITHOUT ROWID""",
    """CREATE TABLE rich_clocks (
        document INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, clock INTEGER NOT NULL,
        PRIMARY KEY (document, writer, number)) WITHOUT ROWID""",
    """CREATE TABLE pending (
        space INTEGER NOT NULL, sequence INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL,
        id BLOB NOT NULL, body BLOB NOT NULL, steps BLOB,
        PRIMARY KEY (space, sequence), UNIQUE (space, id))""",
    """CREATE TABLE pending_documents (
        document INTEGER NOT NULL, sequence INTEGER NOT NULL,
        PRIMARY KEY (document, sequence)) WITHOUT ROWID""",
    """CREATE TABLE sealed (
        space INTEGER NOT NULL, sequence INTEGER NOT NULL, writer INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, hash BLOB NOT NULL, segment BLOB NOT NULL, PRIMARY KEY (space, sequence))""",
    """CREATE TABLE segments (
        space INTEGER NOT NULL, position INTEGER NOT NULL, writer INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, hash BLOB NOT NULL, segment BLOB NOT NULL, arrived_ms INTEGER NOT NULL,
        PRIMARY KEY (space, position))""",
    "CREATE UNIQUE INDEX segments_by_number ON segments (space, writer, last)",
    """CREATE TABLE control (
        space INTEGER NOT NULL, sequence INTEGER NOT NULL, item BLOB NOT NULL,
        PRIMARY KEY (space, sequence))""",
    # Empty but while a relay that lost data is healed: small rows, so that none of the segments is rewritten.
    """CREATE TABLE missing_at_relay (
        space INTEGER NOT NULL, kind INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (space, kind, place)) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX missing_by_hash ON missing_at_relay (space, hash)",
    """CREATE TABLE running_hashes (
        space INTEGER NOT NULL, generation BLOB NOT NULL, log_offset INTEGER NOT NULL, running BLOB NOT NULL,
        PRIMARY KEY (space, generation, log_offset)) WITHOUT ROWID""",
    """CREATE TABLE findings (
        space INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, shown BLOB NOT NULL,
        own BLOB NOT NULL, PRIMARY KEY (space, kind)) WITHOUT ROWID""",
    """CREATE TABLE writers (
        space INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
        reach BLOB NOT NULL, PRIMARY KEY (space, writer)) WITHOUT ROWID""",
    """CREATE TABLE closed_writers (
        space INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, reason TEXT NOT NULL,
        evidence BLOB NOT NULL, PRIMARY KEY (space, writer)) WITHOUT ROWID""",
    """CREATE TABLE undo_steps (
        document INTEGER NOT NULL, time INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL,
        leader INTEGER NOT NULL, documents BLOB, step BLOB NOT NULL,
        PRIMARY KEY (document, time)) WITHOUT ROWID""",
    """CREATE TABLE redo_steps (
        document INTEGER NOT NULL, time INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL,
        leader INTEGER NOT NULL, documents BLOB, step BLOB NOT NULL,
        PRIMARY KEY (document, time)) WITHOUT ROWID""",
    """CREATE TABLE renamed (
        space INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, new_writer INTEGER NOT NULL,
        new_number INTEGER NOT NULL, PRIMARY KEY (space, writer, number)) WITHOUT ROWID""",
    """CREATE TABLE set_aside (
        space INTEGER NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (space, id)) WITHOUT ROWID""",
    """CREATE TABLE waiting_entries (
        space INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, ordinal INTEGER NOT NULL,
        kind INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (space, writer, number, ordinal)) WITHOUT ROWID""",
)


_FORMAT_2: tuple[str, ...] = (
    # Columns that no checksum covers and that follow from nothing else are kept twice: SQLite compares every
    # index with its table, so damage to one of the two shows (docs/decisions/0046-columns-kept-twice.md).
    """CREATE INDEX spaces_twice ON spaces (
        is_default, writer, generation, log_offset, running_hash, relay_losses)""",
    "CREATE INDEX segments_twice ON segments (arrived_ms)",
    "CREATE INDEX findings_twice ON findings (reason)",
    "CREATE INDEX closed_writers_twice ON closed_writers (number, reason)",
    "CREATE INDEX set_aside_twice ON set_aside (reason)",
    "CREATE INDEX renamed_twice ON renamed (new_writer, new_number)",
    "CREATE INDEX undo_steps_twice ON undo_steps (writer, number, leader)",
    "CREATE INDEX redo_steps_twice ON redo_steps (writer, number, leader)",
    """CREATE TABLE projection_parts (
        document INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (document, part)) WITHOUT ROWID""",
    # Each row has a table beside it, index_entries_N: it comes and goes with the index.
    """CREATE TABLE indexes (
        number INTEGER PRIMARY KEY, space INTEGER NOT NULL, collection TEXT NOT NULL, name TEXT NOT NULL,
        stage INTEGER NOT NULL, built_to TEXT NOT NULL, built INTEGER NOT NULL, definition BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX indexes_by_name ON indexes (space, collection, name) WHERE stage < 2",
    "CREATE TABLE invalid_documents (document INTEGER PRIMARY KEY)",
)

_FORMAT_3: tuple[str, ...] = (
    "CREATE INDEX indexes_twice ON indexes (space, collection, name, stage, built_to, built)",
    # What constraints know and find; it follows from states and settings, and is empty where there are none.
    """CREATE TABLE standings (
        document INTEGER PRIMARY KEY, is_held_back INTEGER NOT NULL, facts BLOB NOT NULL,
        standing BLOB NOT NULL)""",
    "CREATE INDEX held_back_documents ON standings (is_held_back) WHERE is_held_back = 1",
    """CREATE TABLE document_references (
        space INTEGER NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, edition INTEGER NOT NULL,
        on_delete TEXT NOT NULL, document INTEGER NOT NULL,
        PRIMARY KEY (space, collection, id, edition, on_delete, document)) WITHOUT ROWID""",
    "CREATE INDEX references_of_document ON document_references (document)",
    """CREATE TABLE claims (
        space INTEGER NOT NULL, name TEXT NOT NULL, hash BLOB NOT NULL, time INTEGER NOT NULL,
        writer INTEGER NOT NULL, document INTEGER NOT NULL,
        PRIMARY KEY (space, name, hash, time, writer, document)) WITHOUT ROWID""",
    "CREATE INDEX claims_of_document ON claims (document)",
)

_FORMATS = (_FORMAT_1, _FORMAT_2, _FORMAT_3)
"""What each format adds to the one before. What a landed version has made is never changed here."""


def prepare(sql: SqlConnection) -> None:
    """Create the tables in an empty file; bring those of an earlier version up to this one's format.

    In the caller's transaction, so a file has one format or the other, never half of one.

    Raises:
        NewerFormat: written by a later version.
        NotAReplica: the application id fits, but there is no format number.
    """
    found = _readable_format(sql)
    if found == FORMAT:
        return
    if not found and sql.row("SELECT 1 FROM sqlite_master LIMIT 1") is not None:
        raise NotAReplica("the file holds tables, but they are not those of a replica")
    for statements in _FORMATS[found:]:
        for statement in statements:
            sql.execute(statement)
    sql.execute(f"PRAGMA user_version = {FORMAT}")


def check(sql: SqlConnection) -> None:
    """Like :func:`prepare` for a file that is only read.

    Raises:
        OlderFormat: written by an earlier version, and never opened for writing by this one.
    """
    found = _readable_format(sql)
    if not found:
        raise NotAReplica("the file is empty: nothing was ever stored in it")
    if found != FORMAT:
        raise OlderFormat(
            f"the file has format {found}; this version of syncore reads format {FORMAT}",
            hint="open it once for writing: that brings it up to date",
            found=found,
        )


def _readable_format(sql: SqlConnection) -> int:
    """The format of the file, 0 if it has none.

    Raises:
        NewerFormat: it is a later one than this version knows.
    """
    row = sql.row("PRAGMA user_version")
    assert row is not None
    found = row[0]
    assert isinstance(found, int)
    if found > FORMAT:
        raise NewerFormat(
            f"the file has format {found}; this version of syncore reads up to {FORMAT}", found=found
        )
    return found
