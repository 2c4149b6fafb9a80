"""One commit as bytes, inside a segment and in a replica's pending log (``docs/formats/segment.md``).

Knows nothing of what an entry's body holds.
"""

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import Unpacked, pack, unpack
from syncore.core.commits import Commit, Entry
from syncore.core.errors import TooLarge
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import COMMIT_ID_BYTES, CommitId
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, MAX_HYBRID_TIME

MAX_ENTRY_KIND = 255


def encode_commit(commit: Commit) -> bytes:
    """The canonical bytes of a commit.

    Raises:
        TooLarge: more entries or bytes than one commit may have.
    """
    if len(commit.entries) > MAX_ENTRIES_PER_COMMIT:
        raise TooLarge(f"a transaction touches more than {MAX_ENTRIES_PER_COMMIT} documents")
    assert len(commit.id) == COMMIT_ID_BYTES
    assert 0 <= commit.time <= MAX_HYBRID_TIME
    assert all(0 < entry.kind <= MAX_ENTRY_KIND for entry in commit.entries)
    encoded = pack([commit.id, int(commit.time), [[int(entry.kind), entry.body] for entry in commit.entries]])
    if len(encoded) > MAX_COMMIT_BYTES:
        raise TooLarge(
            f"a transaction takes {len(encoded)} bytes; {MAX_COMMIT_BYTES} are allowed",
            hint="split it into several transactions",
        )
    return encoded


def decode_commit(data: bytes) -> Commit:
    """The commit that ``data`` encodes.

    Raises:
        Malformed: not the canonical encoding of a commit.
    """
    structure = unpack(data, what="a commit", max_bytes=MAX_COMMIT_BYTES)
    identifier, time, entries = as_array(structure, what="a commit", length=3)
    return Commit(
        CommitId(as_bytes(identifier, what="a commit's id", length=COMMIT_ID_BYTES)),
        HybridTime(as_integer(time, what="a commit's time", high=MAX_HYBRID_TIME)),
        tuple(
            _entry(entry)
            for entry in as_array(entries, what="a commit's entries", max_length=MAX_ENTRIES_PER_COMMIT)
        ),
    )


def _entry(structure: Unpacked) -> Entry:
    kind, body = as_array(structure, what="an entry", length=2)
    return Entry(
        as_integer(kind, what="an entry's kind", low=1, high=MAX_ENTRY_KIND),
        as_bytes(body, what="an entry's body"),
    )
