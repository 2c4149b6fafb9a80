"""Entries of commits as this version understands them."""

from syncore.core.commits import Commit, Entry, EntryKind
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_record_entry,
    decode_rich_entry,
)

DecodedEntry = RecordEntry | RichEntry


def decode_entry(entry: Entry) -> DecodedEntry | None:
    """The entry as this version understands it, or None for a kind that it does not know.

    Raises:
        Malformed: of a known kind, but not its encoding.
    """
    if entry.kind == EntryKind.RECORD:
        return decode_record_entry(entry.body)
    if entry.kind == EntryKind.RICH:
        return decode_rich_entry(entry.body)
    return None


def decode_entries(commit: Commit) -> list[DecodedEntry]:
    """The entries of a commit that this version understands."""
    return [decoded for decoded in map(decode_entry, commit.entries) if decoded is not None]
