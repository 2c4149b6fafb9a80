"""Tables that hold little or are usually empty, against what they were written from."""

from collections.abc import Iterator

from syncore.core.errors import SyncoreError
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import Subject
from syncore.replica.space_state import SpaceState
from syncore.storage.finding_rows import FindingKind
from syncore.storage.log_rows import LogRows
from syncore.storage.missing_rows import MissingKind
from syncore.storage.pending_rows import PendingRows


def examine(subject: Subject) -> Iterator[Finding]:
    """Findings, commits set aside, and what a relay lacks, that cannot be so."""
    kinds = {kind.value for kind in FindingKind}
    for kind, space in subject.sql.rows("SELECT kind, space FROM findings"):
        if kind not in kinds:
            yield _finding("findings", f"{kind!r}", "no finding is called this", Mend.NOTHING, space)
    for state in subject.states.values():
        yield from _set_aside(subject, state)
        if not state.is_private:
            yield from _missing(subject, state)


def _set_aside(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    for one in PendingRows(subject.sql, state.number).all_set_aside():
        try:
            is_same = decode_commit(one.body).id == one.id
        except SyncoreError:
            is_same = False
        if not is_same:
            yield _finding(
                "set_aside",
                one.id.hex(),
                "its id is another one than in its body",
                Mend.NOTHING,
                state.number,
            )


def _missing(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    log = LogRows(subject.sql, state.number)
    assert state.control is not None
    total = subject.count("missing_at_relay")
    columns = "kind, place, hash"
    for seen, (kind, place, hash_) in enumerate(
        subject.walk("missing_at_relay", "kind, place", columns, where=f"space = {state.number}")
    ):
        if seen % 256 == 0:
            subject.progress("small tables", seen, total)
        held = None
        if isinstance(place, int) and kind == MissingKind.CONTROL:
            held = state.control.link_at(place)
        elif isinstance(place, int) and kind == MissingKind.SEGMENT:
            found = subject.sql.row(
                "SELECT hash FROM segments WHERE space = ? AND position = ?", (state.number, place)
            )
            held = found[0] if found and isinstance(found[0], bytes) else None
        if held is None or held != hash_:
            what = f"it is not item {place!r} that is held here (of {log.last_position()} segments)"
            yield _finding("missing_at_relay", f"{kind!r}, {place!r}", what, Mend.ROWS, state.number)


def _finding(table: str, row: str, what: str, mend: Mend, space: object) -> Finding:
    return Finding(
        examination="small tables",
        table=table,
        row=row,
        what=what,
        mend=mend,
        space=space if isinstance(space, int) else None,
    )
