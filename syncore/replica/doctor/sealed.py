"""Own segments that wait for the relay: bytes, hashes, and that they are the oldest pending commits."""

from collections.abc import Iterator

from syncore.core.errors import SyncoreError
from syncore.crypto.signing import verify
from syncore.protocol.segments import decode_segment, verify_segment
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import Subject
from syncore.replica.space_state import SpaceState
from syncore.storage.log_rows import SealedRow


def examine(subject: Subject) -> Iterator[Finding]:
    """Sealed segments that are not what they are sent as."""
    for state in subject.states.values():
        chain = {writer: (head.number, head.hash) for writer, head in state.heads.items()}
        for row in state.sealed:
            number, prev = chain.get(row.writer, (0, bytes(state.id)))
            try:
                problem = _problem(subject, state, row, number, prev)
            except SyncoreError as error:
                problem = error.message
            if problem:
                yield Finding(
                    examination="sealed segments",
                    table="sealed",
                    row=f"commits {row.first} to {row.last} of writer {row.writer}",
                    what=problem,
                    mend=Mend.NOTHING,
                    space=state.number,
                )
            chain[row.writer] = row.last, row.hash


def _problem(subject: Subject, state: SpaceState, row: SealedRow, number: int, prev: bytes) -> str:
    """What is wrong with a sealed segment; empty if nothing is."""
    segment = decode_segment(row.segment)
    header = segment.header
    if (row.writer, row.first, row.last) != (header.writer, header.first, header.last):
        return "it is not the segment that the row names"
    if row.hash != segment.hash:
        return "its hash is not the one of its bytes"
    if header.space != state.id or header.first != number + 1 or header.prev != prev:
        return "it does not follow what is confirmed"
    if subject.keys is not None and subject.keys.signing_key is not None:
        verify_segment(segment, public_key=subject.keys.signing_key, verify=verify)
    last = subject.sql.row(
        "SELECT writer, number FROM pending WHERE space = ? AND sequence = ?", (state.number, row.sequence)
    )
    return "" if last == (row.writer, row.last) else "its commits are not the pending ones"
