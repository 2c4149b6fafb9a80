"""What another member's segment says beside its commits: which log it was shown, and whom it closed.

Receipts are the relay's own signatures, so one that does not fit the log shown here proves that the relay
lost data and went on, or that it shows different logs to different members. One that does not hold proves
nothing, about nobody: anybody can write it. Reports are claims of their author.

A receipt is older than the segment that it comes in. So one of the generation in force that covers the place
of its own segment, or more, cannot be true of this log, which nobody has to wait for to see: the log up to
there would have to contain a hash of itself.
"""

from enum import Enum, auto

from syncore.core.errors import CryptoError, Malformed
from syncore.core.identifiers import SpaceId, Writer, device_index
from syncore.protocol.ports import Verify
from syncore.protocol.receipts import decode_receipt, verify_receipt
from syncore.protocol.segments import ClosedWriter
from syncore.replica.log_path import LogPath
from syncore.replica.space_state import SpaceState
from syncore.storage.log_rows import LogRows


class Testimony(Enum):
    """What a receipt says about the log that is shown here."""

    __test__ = False  # no test class, whatever pytest makes of its name

    NOTHING = auto()
    """It fits, or cannot be compared, or is not the relay's."""
    CONTRADICTION = auto()
    """It was signed over another log than this one, under the generation in force."""
    EARLIER_CONTRADICTION = auto()
    """The same under the generation before, whose end has told of it already."""


def judge_receipt(
    data: bytes | None, *, space: SpaceId, offset: int, path: LogPath, relay_key: bytes | None, verify: Verify
) -> Testimony:
    """Compare a receipt with the log as it is shown here.

    Args:
        data: What a segment holds as its author's last receipt.
        space: The space.
        offset: Where that segment is in the log.
        path: The running hashes up to there.
        relay_key: The key of the relay that the control log names.
        verify: The verifying function.
    """
    if data is None or relay_key is None:
        return Testimony.NOTHING
    try:
        signed = decode_receipt(data)
    except Malformed:
        return Testimony.NOTHING
    receipt = signed.receipt
    is_current = receipt.generation == path.generation
    if receipt.space != space:
        return Testimony.NOTHING
    if not (is_current and receipt.offset >= offset):
        known = path.at(receipt.generation, receipt.offset)
        if known is None or known == receipt.running_hash:
            return Testimony.NOTHING
    try:
        verify_receipt(signed, relay_key=relay_key, verify=verify)
    except CryptoError:
        return Testimony.NOTHING
    return Testimony.CONTRADICTION if is_current else Testimony.EARLIER_CONTRADICTION


def report_against(
    reports: tuple[ClosedWriter, ...], *, state: SpaceState, author: Writer, log: LogRows
) -> str | None:
    """What a segment's reports say about a segment of our own, in a sentence; None where they say nothing.

    Args:
        reports: The writers that the segment's author closed.
        state: The space: what this device wrote and holds as valid is what a report can be about.
        author: Who reports.
        log: The segments that are held.
    """
    for report in reports:
        head = state.heads.get(report.writer)
        is_ours = device_index(report.writer) == device_index(state.writer)
        is_applied = head is not None and head.number > report.number
        if is_ours and is_applied and log.segment_behind(report.writer, report.number) == report.hash:
            return (
                f"device {device_index(author)} found what this device wrote behind commit {report.number}"
                f" invalid, and takes nothing of it any more: {report.reason}"
            )
    return None
