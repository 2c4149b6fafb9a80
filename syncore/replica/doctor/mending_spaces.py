"""Mending what says how a space stands: its control log, the names of its segments, its number and cursor."""

from collections.abc import Mapping

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import (
    DeviceIndex,
    Incarnation,
    device_index,
    make_writer,
)
from syncore.core.ports import Entropy, SqlConnection
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import verify
from syncore.protocol.control_log import ControlLog
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.protocol.segments import decode_segment
from syncore.replica.doctor.mended import Mended
from syncore.replica.doctor.restoring import read_control
from syncore.replica.doctor.subject import Subject
from syncore.storage.protection import recover
from syncore.storage.space_rows import SpaceRow


def mend_control(sql: SqlConnection, row: SpaceRow, mended: Mended) -> ControlLog:
    """The control log up to the first record that does not hold; the relay sends the others again."""
    log = ControlLog(row.id)
    for sequence, item in sql.rows(
        "SELECT sequence, item FROM control WHERE space = ? ORDER BY sequence", (row.space,)
    ):
        try:
            decoded = decode_item(recover(item, what="it"))
            if sequence != log.head_seq + 1 or not isinstance(decoded, ControlItem):
                raise IntegrityError("it is another one")
            log.append(read_accepted(decoded), verify=verify)
        except SyncoreError:
            if log.head_seq < 0:
                break  # without the genesis nothing could be opened; it stays as it is
            sql.execute("DELETE FROM control WHERE space = ? AND sequence > ?", (row.space, log.head_seq))
            mended.note(f"control records behind {log.head_seq} were removed; the relay sends them again")
            break
    return log


def mend_segments(sql: SqlConnection, row: SpaceRow, mended: Mended) -> None:
    """What a row says beside its segment follows from the segment."""
    after = 0
    while page := sql.rows(
        "SELECT position, writer, first, last, hash, segment FROM segments WHERE space = ? AND position > ?"
        " ORDER BY position LIMIT 16",
        (row.space, after),
    ):
        for position, writer, first, last, hash_, data in page:
            try:
                segment = decode_segment(recover(data, what="it"))
            except SyncoreError:
                continue
            header = segment.header
            right = (int(header.writer), header.first, header.last, segment.hash)
            if (writer, first, last, hash_) != right:
                sql.execute(
                    "UPDATE OR IGNORE segments SET writer = ?, first = ?, last = ?, hash = ?"
                    " WHERE space = ? AND position = ?",
                    (*right, row.space, position),
                )
                mended.note(f"segment {position!r}: its name was written anew from its bytes")
        after = int(str(page[-1][0]))


def content_keys(subject: Subject, log: ControlLog) -> Mapping[int, ContentKey] | None:
    """The content keys of all epochs; None where one of them is not here."""
    if subject.keys is None or log.epoch == 0:
        return None
    found = {epoch: subject.keys.content_keys(log.space, epoch) for epoch in range(1, log.epoch + 1)}
    return None if None in found.values() else {epoch: key for epoch, key in found.items() if key}


def mend_number(subject: Subject, row: SpaceRow, log: ControlLog, entropy: Entropy, mended: Mended) -> None:
    """Let a space be written under the number that its control log gives this device."""
    if subject.keys is None or subject.keys.signing_key is None:
        return
    index = log.index_of(subject.keys.signing_key)
    if index is not None and index != device_index(row.writer):
        renew(subject.sql, row, index, entropy)
        mended.note(f"space {row.space}: it is written under this device's number again")


def renew(sql: SqlConnection, row: SpaceRow, index: DeviceIndex, entropy: Entropy) -> None:
    """Begin a new incarnation of a space's writer."""
    writer = make_writer(index, Incarnation(int.from_bytes(entropy.random_bytes(4), "big")))
    sql.execute("UPDATE spaces SET writer = ? WHERE space = ?", (writer, row.space))


def read_again(sql: SqlConnection, row: SpaceRow, mended: Mended) -> None:
    """Read the relay's log from its start: all of it comes by again, and what is damaged is taken from it."""
    sql.execute(
        "UPDATE spaces SET generation = NULL, log_offset = 0, running_hash = NULL, receipt = NULL"
        " WHERE space = ?",
        (row.space,),
    )
    sql.execute("DELETE FROM running_hashes WHERE space = ?", (row.space,))
    if sql.row("SELECT 1 FROM missing_at_relay WHERE space = ?", (row.space,)) is not None:
        log = read_control(sql, row.id, row.space)
        assert log is not None
        sql.execute("DELETE FROM missing_at_relay WHERE space = ?", (row.space,))
        sql.execute_many(
            "INSERT INTO missing_at_relay VALUES (?, 0, ?, ?)",
            [(row.space, seq, log.link_at(seq)) for seq in range(log.head_seq + 1)],
        )
        sql.execute(
            "INSERT OR IGNORE INTO missing_at_relay SELECT space, 1, position, hash FROM segments"
            " WHERE space = ?",
            (row.space,),
        )
    mended.note(f"space {row.space}: the relay's log is read from its start at the next sync")
