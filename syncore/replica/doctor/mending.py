"""Mending the copy of a damaged file from what it holds twice, in the order in which parts need others.

Nothing here decides whether the result is good: the copy is examined again, and only what that says counts.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import (
    PRIVATE_SPACE,
    DeviceIndex,
    Incarnation,
    Writer,
    device_index,
    make_writer,
)
from syncore.core.ports import Entropy, SqlConnection
from syncore.core.vectors import join
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import verify
from syncore.protocol.commit_codec import decode_commit, encode_commit
from syncore.protocol.control_log import ControlLog
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.protocol.segments import decode_segment, open_segment
from syncore.replica.doctor.findings import Finding, said
from syncore.replica.doctor.remaking import empty_indexes, judge_anew, mend_indexes
from syncore.replica.doctor.replaying import replay
from syncore.replica.doctor.restoring import read_control, restore_documents, show_documents
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.entries import decode_entries
from syncore.replica.space_keys import SpaceCipher
from syncore.replica.space_memory import load_record
from syncore.replica.space_state import encode_reach
from syncore.storage.document_rows import DocumentRows
from syncore.storage.finding_rows import FindingKind
from syncore.storage.log_rows import LogRows, WriterRow
from syncore.storage.protection import protect, recover
from syncore.storage.space_rows import SpaceRow, SpaceRows
from syncore.storage.standing_rows import STANDING_TABLES


@dataclass(slots=True)
class Mended:
    """What was done to the copy, a sentence each, for the person whose file it is."""

    done: list[str]

    def note(self, sentence: str) -> None:
        """Remember something that was done."""
        if sentence not in self.done:
            self.done.append(sentence)


def mend(subject: Subject, findings: list[Finding], entropy: Entropy) -> list[str]:
    """Mend what was found in the copy; what was done, a sentence each.

    Args:
        subject: The copy, inside a write transaction.
        findings: What the examination found in it.
        entropy: For a new incarnation.
    """
    sql, mended = subject.sql, Mended([])
    tables = {finding.table for finding in findings if finding.is_damage}
    _mend_values(subject, mended)
    mend_indexes(sql, tables, mended.note)
    _mend_space_rows(sql, mended)
    spaces = SpaceRows(sql).all()
    for row in spaces:
        if row.id == PRIVATE_SPACE:
            continue
        log = _mend_control(sql, row, mended)
        _mend_segments(sql, row, mended)
        keys = _content_keys(subject, log)
        _mend_pending(sql, row, keys, mended)
        _mend_sealed(sql, row, entropy, mended)
        _mend_number(subject, row, log, entropy, mended)
        if tables & {"segments", "control", "running_hashes", "missing_at_relay"} or _is_lost(findings, row):
            _read_again(sql, row, mended)
        if keys is not None:
            _mend_from_log(subject, row, keys, mended)
    _mend_small_tables(sql, tables, mended)
    for row in SpaceRows(sql).all():
        if row.id == PRIVATE_SPACE:
            _mend_private_heads(sql, row, mended)
    _mend_touching(sql, spaces, tables, mended)
    _forget_undo(sql, findings, mended)
    if not tables.isdisjoint(STANDING_TABLES):
        mended.note("who has which unique value and what references show was computed anew from documents")
    with suppress(SyncoreError):
        for name in show_documents(subject):
            mended.note(f"{name}: what it shows was computed anew from what it holds")
    if "invalid_documents" in tables:
        judge_anew(subject, mended.note)
    empty_indexes(sql)
    return mended.done


def _mend_values(subject: Subject, mended: Mended) -> None:
    sql = subject.sql
    for name, value in sql.rows("SELECT name, value FROM meta"):
        try:
            recover(value, what="it")
        except IntegrityError:
            if name == "replica":
                continue  # nothing else says where the keys are
            sql.execute("DELETE FROM meta WHERE name = ?", (name,))
            mended.note(f"the value {said(name)} was removed; it is made anew")
    rows = SpaceRows(sql)
    if rows.value("sealed") is None and subject.keys is not None and subject.keys.guard is not None:
        rows.write_value("sealed", subject.keys.guard.sealed.to_bytes(8, "big"))
    if rows.value("last_time") is None:
        found = sql.row(
            "SELECT max(time) FROM (SELECT time FROM undo_steps UNION ALL SELECT time FROM redo_steps)"
        )
        if found is not None and isinstance(found[0], int):
            rows.write_value("last_time", found[0].to_bytes(8, "big"))


def _mend_space_rows(sql: SqlConnection, mended: Mended) -> None:
    for space, receipt in sql.rows("SELECT space, receipt FROM spaces WHERE receipt IS NOT NULL"):
        try:
            recover(receipt, what="it")
        except IntegrityError:
            sql.execute("UPDATE spaces SET receipt = NULL WHERE space = ?", (space,))
            mended.note("the relay's last receipt was removed; the next one takes its place")


def _mend_control(sql: SqlConnection, row: SpaceRow, mended: Mended) -> ControlLog:
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


def _mend_segments(sql: SqlConnection, row: SpaceRow, mended: Mended) -> None:
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


def _content_keys(subject: Subject, log: ControlLog) -> Mapping[int, ContentKey] | None:
    if subject.keys is None or log.epoch == 0:
        return None
    found = {epoch: subject.keys.content_keys(log.space, epoch) for epoch in range(1, log.epoch + 1)}
    return None if None in found.values() else {epoch: key for epoch, key in found.items() if key}


def _mend_pending(
    sql: SqlConnection, row: SpaceRow, keys: Mapping[int, ContentKey] | None, mended: Mended
) -> None:
    """Bodies from sealed segments that hold the same commits; ids from bodies; undo steps are forgotten."""
    sealed = dict(_sealed_bodies(sql, row, keys))
    for sequence, writer, number, id_, body, steps in sql.rows(
        "SELECT sequence, writer, number, id, body, steps FROM pending WHERE space = ? ORDER BY sequence",
        (row.space,),
    ):
        name = f"pending commit {number!r} of writer {writer!r}"
        try:
            commit = decode_commit(recover(body, what="it"))
        except SyncoreError:
            whole = sealed.get((writer, number))
            if whole is None:
                continue
            commit = decode_commit(whole)
            sql.execute(
                "UPDATE pending SET body = ? WHERE space = ? AND sequence = ?",
                (protect(whole), row.space, sequence),
            )
            mended.note(f"{name}: taken from the segment that it is sealed in")
        if commit.id != id_:
            sql.execute(
                "UPDATE OR IGNORE pending SET id = ? WHERE space = ? AND sequence = ?",
                (commit.id, row.space, sequence),
            )
            mended.note(f"{name}: its id was written anew from its body")
        try:
            if steps is not None:
                recover(steps, what="they")
        except IntegrityError:
            sql.execute(
                "UPDATE pending SET steps = NULL WHERE space = ? AND sequence = ?", (row.space, sequence)
            )
            mended.note(f"{name}: it cannot be undone any more")


def _sealed_bodies(
    sql: SqlConnection, row: SpaceRow, keys: Mapping[int, ContentKey] | None
) -> Iterator[tuple[tuple[object, object], bytes]]:
    if keys is None:
        return
    for (data,) in sql.rows("SELECT segment FROM sealed WHERE space = ? ORDER BY sequence", (row.space,)):
        try:
            segment = decode_segment(recover(data, what="it"))
            plain = open_segment(segment, cipher=SpaceCipher(keys, _NoEntropy()))
        except SyncoreError:
            continue
        for number, commit in enumerate(plain.commits, start=segment.header.first):
            yield (int(segment.header.writer), number), encode_commit(commit)


def _mend_sealed(sql: SqlConnection, row: SpaceRow, entropy: Entropy, mended: Mended) -> None:
    """Damaged sealed segments go; their commits are pending still, and are sealed again.

    The relay may have the old bytes already. So the file is below what it has sealed, as a restored copy is,
    and goes on as one: under a new incarnation (``docs/ARCHITECTURE.md``, "When a file returns in time").
    """
    for writer, first, last, hash_, data in sql.rows(
        "SELECT writer, first, last, hash, segment FROM sealed WHERE space = ?", (row.space,)
    ):
        try:
            segment = decode_segment(recover(data, what="it"))
            header = segment.header
            if (writer, first, last, hash_) == (header.writer, header.first, header.last, segment.hash):
                continue
        except SyncoreError:
            pass
        sql.execute("DELETE FROM sealed WHERE space = ?", (row.space,))
        _renew(sql, row, device_index(row.writer), entropy)
        mended.note("sealed segments were removed; their commits are sealed anew, under a new incarnation")
        return


def _mend_number(subject: Subject, row: SpaceRow, log: ControlLog, entropy: Entropy, mended: Mended) -> None:
    if subject.keys is None or subject.keys.signing_key is None:
        return
    index = log.index_of(subject.keys.signing_key)
    if index is not None and index != device_index(row.writer):
        _renew(subject.sql, row, index, entropy)
        mended.note(f"space {row.space}: it is written under this device's number again")


def _renew(sql: SqlConnection, row: SpaceRow, index: DeviceIndex, entropy: Entropy) -> None:
    writer = make_writer(index, Incarnation(int.from_bytes(entropy.random_bytes(4), "big")))
    sql.execute("UPDATE spaces SET writer = ? WHERE space = ?", (writer, row.space))


def _is_lost(findings: list[Finding], row: SpaceRow) -> bool:
    """Whether the place in the relay's log is not to be relied on."""
    return any(f.examination == "cursor" and f.space == row.space for f in findings) or (
        (row.generation is None) != (row.running_hash is None)
    )


def _read_again(sql: SqlConnection, row: SpaceRow, mended: Mended) -> None:
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


def _mend_from_log(subject: Subject, row: SpaceRow, keys: Mapping[int, ContentKey], mended: Mended) -> None:
    """Confirmed content, heads and closed writers as they become when the log is played again."""
    sql = subject.sql

    def progress(done: int, total: int) -> None:
        subject.progress("history", done, total)

    with subject.scratch() as scratch:
        try:
            replay(sql, scratch, row, keys, progress=progress)
        except SyncoreError:
            return  # told by the examination; the relay has to send what is damaged first
        for name in restore_documents(sql, scratch, row):
            mended.note(f"{name}: restored from the update log")
        for table in ("writers", "closed_writers", "waiting_entries"):
            select = f"SELECT * FROM {table} WHERE space = ?"  # noqa: S608 - the names above
            right = scratch.rows(select, (row.space,))
            if set(right) != set(sql.rows(select, (row.space,))):
                sql.execute(f"DELETE FROM {table} WHERE space = ?", (row.space,))  # noqa: S608
                sql.execute_many(
                    f"INSERT INTO {table} VALUES ({', '.join('?' * len(right[0]))})" if right else "",  # noqa: S608
                    right,
                ) if right else None
                mended.note(f"{table}: restored from the update log")


def _mend_small_tables(sql: SqlConnection, tables: set[str], mended: Mended) -> None:
    if "findings" not in tables:
        return
    for column in ("shown", "own"):
        for space, kind, data in sql.rows(f"SELECT space, kind, {column} FROM findings"):  # noqa: S608
            try:
                recover(data, what="it")
            except IntegrityError:
                if kind == FindingKind.DISPUTE.value:  # what the relay is asked about; it shows again
                    sql.execute("DELETE FROM findings WHERE space = ? AND kind = ?", (space, kind))
                sql.execute(
                    f"UPDATE findings SET {column} = ? WHERE space = ? AND kind = ?",  # noqa: S608
                    (protect(b""), space, kind),
                )
                mended.note(f"the finding {said(kind)}: its evidence does not read and was removed")


def _mend_private_heads(sql: SqlConnection, row: SpaceRow, mended: Mended) -> None:
    rows, after = DocumentRows(sql, row.space), 0
    found: dict[Writer, int] = {}
    while page := rows.keys(after=after, limit=PAGE_ROWS):
        for document, _ in page:
            try:
                found = join([found, load_record(rows, document).vector])
            except SyncoreError:
                return
        after = page[-1][0]
    right = {(writer, number, b"", protect(encode_reach({}))) for writer, number in found.items()}
    stored = set(sql.rows("SELECT writer, number, hash, reach FROM writers WHERE space = ?", (row.space,)))
    if right != stored:
        sql.execute("DELETE FROM writers WHERE space = ?", (row.space,))
        log = LogRows(sql, row.space)
        for writer, number in found.items():
            log.write_head(WriterRow(writer, number, b"", encode_reach({})))
        mended.note("the private space: how far it was written was counted anew")


def _mend_touching(sql: SqlConnection, spaces: list[SpaceRow], tables: set[str], mended: Mended) -> None:
    """Which documents a pending commit touches, anew from the bodies, if all of them read."""
    if not tables & {"pending_documents", "pending", "documents"}:
        return
    pairs: set[tuple[int, int]] = set()
    for row in spaces:
        rows = DocumentRows(sql, row.space)
        for sequence, body in sql.rows("SELECT sequence, body FROM pending WHERE space = ?", (row.space,)):
            try:
                entries = decode_entries(decode_commit(recover(body, what="it")))
            except SyncoreError:
                return
            for entry in entries:
                document = rows.row_of(entry.key)
                if document is None:
                    document = rows.add(entry.key, b"", is_deleted=False)
                    mended.note(f"{entry.key.collection}/{entry.key.id}: made anew from a pending commit")
                pairs.add((document, int(str(sequence))))
    if pairs != set(sql.rows("SELECT document, sequence FROM pending_documents")):
        sql.execute("DELETE FROM pending_documents")
        sql.execute_many("INSERT INTO pending_documents VALUES (?, ?)", sorted(pairs))
        mended.note("which documents the pending commits touch was written anew")


def _forget_undo(sql: SqlConnection, findings: list[Finding], mended: Mended) -> None:
    """Steps that do not read go, with all of their transaction: a part of it must not be undone alone."""
    for table in ("undo_steps", "redo_steps"):
        if not any(finding.table == table for finding in findings):
            continue
        for document, time, documents, step in sql.rows(
            f"SELECT document, time, documents, step FROM {table}"  # noqa: S608 - the names above
        ):
            try:
                recover(step, what="it")
                if documents is not None:
                    recover(documents, what="it")
            except IntegrityError:
                sql.execute(f"DELETE FROM {table} WHERE time = ? OR document = ?", (time, document))  # noqa: S608
                mended.note(f"{table}: the changes of document {said(document)} were forgotten")
        sql.execute(
            f"DELETE FROM {table} WHERE document NOT IN (SELECT document FROM documents)"  # noqa: S608
        )


class _NoEntropy:
    """Nothing is sealed."""

    def random_bytes(self, size_bytes: int) -> bytes:
        raise AssertionError(size_bytes)
