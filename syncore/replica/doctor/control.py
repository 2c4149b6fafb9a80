"""The control log: numbered without gap, linked, and every signature and acceptance verified anew."""

from collections.abc import Iterator

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import PRIVATE_SPACE
from syncore.crypto.signing import verify
from syncore.protocol.control_log import ControlLog
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.subject import Subject
from syncore.storage.protection import recover


def examine(subject: Subject) -> Iterator[Finding]:
    """The first record of each space that does not follow from those before it."""
    for space in subject.spaces:
        if space.id == PRIVATE_SPACE:
            continue
        log = ControlLog(space.id)
        for sequence, item in subject.walk(
            "control", "sequence", "sequence, item", where=f"space = {space.space}"
        ):
            try:
                if sequence != log.head_seq + 1:
                    raise IntegrityError(f"record {log.head_seq + 1} is not there")
                decoded = decode_item(recover(item, what="it"))
                if not isinstance(decoded, ControlItem):
                    raise IntegrityError("it is no control record")
                log.append(read_accepted(decoded), verify=verify)
            except SyncoreError as error:
                yield _finding(space.space, f"record {said(sequence)}", error.message)
                break
        else:
            if log.head_seq < 0:
                yield _finding(space.space, "", "the space has no control log")


def _finding(space: int, row: str, what: str) -> Finding:
    return Finding(
        examination="control log", table="control", row=row, what=what, mend=Mend.RELAY, space=space
    )
