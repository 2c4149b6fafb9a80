"""The spaces' own rows: one default, a number that is this device's; and whether they fit the keystore."""

from collections.abc import Iterator

from syncore.core.identifiers import PRIVATE_SPACE, WRITER_BITS, device_index
from syncore.replica.constraint_stages import build_name
from syncore.replica.doctor.findings import Finding, Mend, Severity
from syncore.replica.doctor.subject import Subject
from syncore.replica.sealing import sealed_count
from syncore.replica.space_state import PRIVATE_DEVICE, SpaceState
from syncore.storage.space_rows import SpaceRow

_VALUES = {
    "replica": 16,
    "last_time": 8,
    "sealed": 8,
    "resolvers": 32,
    "validators": 32,
    "constraints": 32,
    "words": 32,
}
"""The values of the file as a whole, and how long each is."""


def examine(subject: Subject) -> Iterator[Finding]:
    """What is wrong with them, and notes about the keystore."""
    yield from _values(subject)
    defaults = subject.sql.row("SELECT count(*), sum(is_default), max(is_default) FROM spaces")
    if defaults is not None and defaults[1:] != (1, 1):
        yield _finding("", "not exactly one of them is the default space")
    for row in subject.spaces:
        yield from _space(row)
    if subject.keys is not None:
        yield from _keystore(subject)
        for state in subject.states.values():
            yield from _device(subject, state)


def _values(subject: Subject) -> Iterator[Finding]:
    found = {str(name): value for name, value in subject.sql.rows("SELECT name, value FROM meta")}
    builds = {build_name(row.space) for row in subject.spaces}
    for name, value in found.items():
        size = _VALUES.get(name)
        if name in builds:
            continue  # it is read with its space
        if size is None:
            yield Finding(
                examination="spaces",
                table="meta",
                row=name,
                what="no value has this name",
                mend=Mend.NOTHING,
            )
        elif isinstance(value, bytes) and len(value) != 8 + size:
            yield Finding(
                examination="spaces", table="meta", row=name, what="it has another length", mend=Mend.NOTHING
            )
    if "replica" not in found:
        yield Finding(
            examination="spaces",
            table="meta",
            row="replica",
            what="the name by which its keys are found is not there",
            mend=Mend.NOTHING,
        )


def _space(row: SpaceRow) -> Iterator[Finding]:
    name = f"space {row.space}"
    if not 0 <= row.writer < 1 << WRITER_BITS:
        yield _finding(name, "its number to write under is none")
    if row.log_offset < 0 or row.relay_losses < 0:
        yield _finding(name, "its counts are none", row.space)
    if (row.generation is None) != (row.running_hash is None) or (row.generation is None and row.log_offset):
        yield _finding(name, "its place in the relay's log is half there", row.space, Mend.RELAY)
    is_private = row.id == PRIVATE_SPACE
    if is_private and (row.generation is not None or row.receipt is not None or row.relay_losses):
        yield _finding(name, "a private space has a place at a relay", row.space)
    if is_private and device_index(row.writer) != PRIVATE_DEVICE:
        yield _finding(name, "a private space is written by another device", row.space)


def _device(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    assert subject.keys is not None
    if state.is_private or state.control is None or subject.keys.signing_key is None:
        return
    index = state.control.index_of(subject.keys.signing_key)
    if index is not None and index != device_index(state.writer):
        yield _finding(
            f"space {state.number}", "it is written under the number of another device", state.number
        )


def _keystore(subject: Subject) -> Iterator[Finding]:
    assert subject.keys is not None
    guard = subject.keys.guard
    shared = [state for state in subject.states.values() if not state.is_private]
    if guard is None:
        if shared:
            yield _note("there is no guard: the file starts a new incarnation when it is opened next")
        return
    if sealed_count(subject.sql) < guard.sealed:
        yield _note(
            "the file is an older state of itself: it starts a new incarnation when it is opened next"
        )
    for state in shared:
        known = guard.control.get(state.id)
        if known is None or state.control is None:
            continue
        if state.control.head_seq < known.seq:
            yield _note(f"the control log of space {state.number} ends before what was seen before")
        elif state.control.link_at(known.seq) != known.link:
            yield _note(f"the control log of space {state.number} is not the one that was seen before")


def _finding(row: str, what: str, space: int | None = None, mend: Mend = Mend.NOTHING) -> Finding:
    return Finding(examination="spaces", table="spaces", row=row, what=what, mend=mend, space=space)


def _note(what: str) -> Finding:
    return Finding(
        examination="spaces",
        table="keystore",
        what=what,
        mend=Mend.NOTHING_LOST,
        severity=Severity.NOTE,
    )
