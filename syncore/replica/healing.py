"""Healing a relay that lost data: what this file holds and the relay's log does not.

Everything that healing needs is in the file, so that it goes on after a crash at any point. Knows no network.
"""

from dataclasses import dataclass, replace

from syncore.core.errors import IntegrityError
from syncore.core.ports import SqlConnection
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.protocol.segments import Segment, decode_segment
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_state import SpaceState
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.log_rows import LogRows
from syncore.storage.missing_rows import MissingKind, MissingRow, MissingRows
from syncore.storage.running_rows import RunningRows
from syncore.storage.space_rows import SpaceRows

MAX_PAGE_ITEMS = 32
MAX_PAGE_BYTES = 1024 * 1024
"""What is read from the file at once to be uploaded; one item where it is larger."""
_GENESIS = 0
"""Every log begins with it, so a relay that has a log of the space has it, and is not given it."""


@dataclass(frozen=True, slots=True)
class MissingItem:
    """An item that the relay lacks, as it is uploaded."""

    row: MissingRow
    content: AcceptedRecord | Segment


def begin_healing(sql: SqlConnection, state: SpaceState, _work: DocumentWork) -> None:
    """Note that the relay lost data, forget how far its log was read, and suppose that it holds nothing.

    The last receipt stays: it is what the relay signed. So do the running hashes of the generation that ends
    here, for receipts of it that are still to come.
    """
    control, row = state.control, state.row
    assert control is not None
    is_news = row.generation is not None or not state.missing_count
    if row.generation is not None:
        RunningRows(sql, state.number).forget_all_but(row.generation)
    missing = MissingRows(sql, state.number)
    missing.add_control([control.link_at(sequence) or b"" for sequence in range(control.head_seq + 1)])
    missing.add_all_segments()
    FindingRows(sql, state.number).remove(FindingKind.DISPUTE)
    state.findings.pop(FindingKind.DISPUTE, None)
    state.missing_count = state.missing_total = missing.count()
    state.row = replace(
        row, generation=None, log_offset=0, running_hash=None, relay_losses=row.relay_losses + is_news
    )
    SpaceRows(sql).write(state.row)


def missing_items(
    sql: SqlConnection, state: SpaceState, after: MissingRow | None, *, control_only: bool = False
) -> list[MissingItem]:
    """The next items that the relay lacks, in an order in which it can take them; empty at the end.

    Args:
        sql: The open transaction.
        state: The space.
        after: The last one that was uploaded over this connection.
        control_only: Stop before the first segment.

    Raises:
        IntegrityError: an item is damaged, or has another hash than the file says: the relay's stream would
            never bring it, and healing never end.
    """
    kind, place = (MissingKind.CONTROL, _GENESIS - 1) if after is None else (after.kind, after.place)
    rows = MissingRows(sql, state.number).after(kind, place, limit=MAX_PAGE_ITEMS)
    log = LogRows(sql, state.number)
    found: list[MissingItem] = []
    size_bytes = 0
    for row in rows:
        if control_only and row.kind is not MissingKind.CONTROL:
            break
        data = log.control_item(row.place) if row.kind is MissingKind.CONTROL else log.segment(row.place)
        size_bytes += len(data)
        if found and size_bytes > MAX_PAGE_BYTES:
            break
        item = MissingItem(row, _content(row.kind, data))
        _check_hash(item)
        if (row.kind, row.place) != (MissingKind.CONTROL, _GENESIS):
            found.append(item)
    return found


def give_up_item(sql: SqlConnection, state: SpaceState, _work: DocumentWork, *, hash_: bytes) -> None:
    """Go on without an item that the relay cannot take, and never held honestly."""
    if MissingRows(sql, state.number).remove(hash_):
        state.missing_count -= 1


def accuse_relay(sql: SqlConnection, state: SpaceState, _work: DocumentWork) -> None:
    """Keep what proves that the relay signed another log than it shows, and goes on showing it."""
    dispute = state.findings[FindingKind.DISPUTE]
    finding = FindingRow(
        FindingKind.DISHONEST_RELAY, dispute.reason, dispute.shown, state.row.receipt or dispute.own
    )
    FindingRows(sql, state.number).write(finding)
    state.findings[FindingKind.DISHONEST_RELAY] = finding


def record_of(sql: SqlConnection, state: SpaceState, sequence: int) -> AcceptedRecord:
    """A control record that is held."""
    content = _content(MissingKind.CONTROL, LogRows(sql, state.number).control_item(sequence))
    assert isinstance(content, AcceptedRecord)
    return content


def _content(kind: MissingKind, data: bytes) -> AcceptedRecord | Segment:
    if kind is MissingKind.SEGMENT:
        return decode_segment(data)
    item = decode_item(data)
    assert isinstance(item, ControlItem)
    return read_accepted(item)


def _check_hash(item: MissingItem) -> None:
    """The hashes that the file keeps beside its items carry no checksum; the items themselves do."""
    content, row = item.content, item.row
    if (content.hash if isinstance(content, Segment) else content.link) != row.hash:
        what = f"the hash of the {row.kind.name.lower()} item at place {row.place}"
        raise IntegrityError(f"{what} is damaged: it is not that of the item", what=what)
