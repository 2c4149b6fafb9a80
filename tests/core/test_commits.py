"""Tests of syncore.core.commits."""

from dataclasses import replace

from syncore.core.commits import Commit, Entry, EntryKind
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId


def test_kinds_are_the_numbers_of_the_format() -> None:
    """Kinds are bytes on the wire, so they keep their numbers, and a number that was read equals its kind."""
    assert {kind.name: kind.value for kind in EntryKind} == {"RECORD": 1, "RICH": 2}
    assert Entry(1, b"body") == Entry(EntryKind.RECORD, b"body")


def test_commits_are_values() -> None:
    """Equal parts make equal commits, and each part counts: id, time, and the entries in their order."""
    entries = (Entry(EntryKind.RECORD, b"one"), Entry(200, b"of a later version"))
    commit = Commit(CommitId(b"12345678"), HybridTime(5), entries)
    assert {commit, replace(commit)} == {commit}
    for changed in (
        replace(commit, id=CommitId(b"87654321")),
        replace(commit, time=HybridTime(6)),
        replace(commit, entries=entries[::-1]),
        replace(commit, entries=(entries[0], Entry(201, b"of a later version"))),
    ):
        assert changed != commit
