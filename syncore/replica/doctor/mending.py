"""Mending the copy of a damaged file from what it holds twice, in the order in which parts need others.

Nothing here decides whether the result is good: the copy is examined again, and only what that says counts.
"""

from collections.abc import Mapping
from contextlib import suppress

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import (
    PRIVATE_SPACE,
    Writer,
)
from syncore.core.ports import Entropy, SqlConnection
from syncore.core.vectors import join
from syncore.crypto.keys import ContentKey
from syncore.replica.doctor.findings import Finding, said
from syncore.replica.doctor.mended import Mended
from syncore.replica.doctor.mending_pending import mend_pending, mend_sealed, mend_touching
from syncore.replica.doctor.mending_spaces import (
    content_keys,
    mend_control,
    mend_number,
    mend_segments,
    read_again,
)
from syncore.replica.doctor.remaking import empty_indexes, judge_anew, mend_indexes
from syncore.replica.doctor.replaying import replay
from syncore.replica.doctor.restoring import restore_documents, show_documents
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.space_memory import load_record
from syncore.replica.space_state import encode_reach
from syncore.storage.document_rows import DocumentRows
from syncore.storage.finding_rows import FindingKind
from syncore.storage.log_rows import LogRows, WriterRow
from syncore.storage.protection import protect, recover
from syncore.storage.space_rows import SpaceRow, SpaceRows
from syncore.storage.standing_rows import STANDING_TABLES


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
        log = mend_control(sql, row, mended)
        mend_segments(sql, row, mended)
        keys = content_keys(subject, log)
        mend_pending(sql, row, keys, mended)
        mend_sealed(sql, row, entropy, mended)
        mend_number(subject, row, log, entropy, mended)
        if tables & {"segments", "control", "running_hashes", "missing_at_relay"} or _is_lost(findings, row):
            read_again(sql, row, mended)
        if keys is not None:
            _mend_from_log(subject, row, keys, mended)
    _mend_small_tables(sql, tables, mended)
    for row in SpaceRows(sql).all():
        if row.id == PRIVATE_SPACE:
            _mend_private_heads(sql, row, mended)
    mend_touching(sql, spaces, tables, mended)
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


def _is_lost(findings: list[Finding], row: SpaceRow) -> bool:
    """Whether the place in the relay's log is not to be relied on."""
    return any(f.examination == "cursor" and f.space == row.space for f in findings) or (
        (row.generation is None) != (row.running_hash is None)
    )


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
