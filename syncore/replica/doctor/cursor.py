"""Where the file stands in the relay's log: running hashes, the place in them, and the last receipt."""

from collections.abc import Iterator

from syncore.core.errors import SyncoreError
from syncore.crypto.signing import verify
from syncore.protocol.control_records import GENERATION_BYTES
from syncore.protocol.receipts import decode_receipt, extend_log, start_of_log, verify_receipt
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import Subject
from syncore.replica.space_state import SpaceState
from syncore.storage.protection import recover
from syncore.storage.running_rows import RunningRows


def examine(subject: Subject) -> Iterator[Finding]:
    """Running hashes with gaps, or that do not follow from what is held; a place or receipt beside them."""
    for state in subject.states.values():
        if not state.is_private:
            yield from _running(subject, state)
            yield from _place(subject, state)
            yield from _receipt(state)


def _running(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    """Offsets from 1 without gap in each generation, which begins with the genesis; more is in checksums."""
    assert state.control is not None
    genesis = state.control.link_at(0) or b""
    total = subject.count("running_hashes")
    generation: object = None
    offset = 0
    columns = "generation, log_offset, running"
    for seen, (name, place, stored) in enumerate(
        subject.walk("running_hashes", "generation, log_offset", columns, where=f"space = {state.number}")
    ):
        if seen % 256 == 0:
            subject.progress("cursor", seen, total)
        if name != generation:
            generation, offset = name, 0
        offset += 1
        if place != offset:
            yield _finding(state, f"offset {offset}", "it is not there")
            return
        if offset == 1 and not _begins(state, name, recover(stored, what="it"), genesis):
            yield _finding(state, f"offset {offset}", "no log of the space begins like this")


def _begins(state: SpaceState, generation: object, running: bytes, genesis: bytes) -> bool:
    return (
        isinstance(generation, bytes)
        and len(generation) == GENERATION_BYTES
        and running == extend_log(start_of_log(state.id, generation), 1, genesis)
    )


def _place(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    row = state.row
    if row.generation is None:
        return
    known = (
        start_of_log(state.id, row.generation)
        if row.log_offset == 0
        else RunningRows(subject.sql, state.number).at(row.generation, row.log_offset)
    )
    if known != row.running_hash:
        yield _at_space(state, "the place in the relay's log is not where its running hashes are")
    found = subject.sql.row(
        "SELECT max(log_offset) FROM running_hashes WHERE space = ? AND generation = ?",
        (state.number, row.generation),
    )
    if found is not None and found[0] is not None and found[0] != row.log_offset:
        yield _at_space(state, "the place in the relay's log is not the last one that was read")


def _receipt(state: SpaceState) -> Iterator[Finding]:
    if state.row.receipt is None or state.control is None or state.control.relay_key is None:
        return
    try:
        signed = decode_receipt(state.row.receipt)
        verify_receipt(signed, relay_key=state.control.relay_key, verify=verify)
    except SyncoreError as error:
        yield _at_space(state, f"the relay's receipt is none: {error.message}")


def _at_space(state: SpaceState, what: str) -> Finding:
    return Finding(
        examination="cursor",
        table="spaces",
        row=f"space {state.number}",
        what=what,
        mend=Mend.RELAY,
        space=state.number,
    )


def _finding(state: SpaceState, row: str, what: str) -> Finding:
    return Finding(
        examination="cursor", table="running_hashes", row=row, what=what, mend=Mend.RELAY, space=state.number
    )
