"""The tables of a relay's store, format 1 (``docs/relay.md``, "The store").

Owns names and columns; :mod:`relay.store` owns what is done with them. Every row that holds what clients
sent ends with a seal, the 8-byte checksum of its other columns, which is checked whenever the row is read.
"""

APPLICATION_ID = 0x73796E52
"""``synR``: what ``file`` and a mistaken replica see."""
FORMAT_VERSION = 1
FILE_NAME = "relay.db"

SCHEMA = (
    # `size` is the sum of the items' bytes: what a quota counts.
    """CREATE TABLE spaces (
        key INTEGER PRIMARY KEY, space BLOB NOT NULL UNIQUE, generation BLOB NOT NULL,
        head INTEGER NOT NULL, running BLOB NOT NULL, size INTEGER NOT NULL, seal BLOB NOT NULL
    ) STRICT""",
    # Where each item stands. `number` is the last commit of a segment. What is large lies apart, so that
    # this table is quick to search, and to rewrite when a space gets a new generation and so other running
    # hashes.
    """CREATE TABLE items (
        id INTEGER PRIMARY KEY, space_key INTEGER NOT NULL, offset INTEGER NOT NULL, kind INTEGER NOT NULL,
        writer INTEGER, number INTEGER, hash BLOB NOT NULL, running BLOB NOT NULL, body_seal BLOB NOT NULL,
        seal BLOB NOT NULL
    ) STRICT""",
    # `body` is exactly what goes into an items frame; its seal is in `items`.
    "CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    "CREATE UNIQUE INDEX items_by_offset ON items (space_key, offset)",
    "CREATE UNIQUE INDEX items_by_writer ON items (space_key, writer, number) WHERE writer IS NOT NULL",
    "CREATE INDEX items_of_control ON items (space_key, offset) WHERE writer IS NULL",
    """CREATE TABLE heads (
        space_key INTEGER NOT NULL, writer INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
        seal BLOB NOT NULL, PRIMARY KEY (space_key, writer)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE slots (
        invitation BLOB PRIMARY KEY, space_key INTEGER NOT NULL, signing_key BLOB NOT NULL, expires_ms
        INTEGER NOT NULL, sealed BLOB NOT NULL, seal BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX slots_of_space ON slots (space_key)",
    # Written by the readiness check: the proof that a commit still reaches the disk.
    """CREATE TABLE pulse (
        id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL, probe BLOB NOT NULL
    ) STRICT""",
    "INSERT INTO pulse VALUES (1, 0, x'')",
)
