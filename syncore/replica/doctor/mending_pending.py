"""Mending own commits that are not acknowledged, from what holds them twice."""

from collections.abc import Iterator, Mapping

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import (
    device_index,
)
from syncore.core.ports import Entropy, SqlConnection
from syncore.crypto.keys import ContentKey
from syncore.protocol.commit_codec import decode_commit, encode_commit
from syncore.protocol.segments import decode_segment, open_segment
from syncore.replica.doctor.mended import Mended
from syncore.replica.doctor.mending_spaces import renew
from syncore.replica.entries import decode_entries
from syncore.replica.space_keys import SpaceCipher
from syncore.storage.document_rows import DocumentRows
from syncore.storage.protection import protect, recover
from syncore.storage.space_rows import SpaceRow


def mend_pending(
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


def mend_sealed(sql: SqlConnection, row: SpaceRow, entropy: Entropy, mended: Mended) -> None:
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
        renew(sql, row, device_index(row.writer), entropy)
        mended.note("sealed segments were removed; their commits are sealed anew, under a new incarnation")
        return


def mend_touching(sql: SqlConnection, spaces: list[SpaceRow], tables: set[str], mended: Mended) -> None:
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


class _NoEntropy:
    """Nothing is sealed."""

    def random_bytes(self, size_bytes: int) -> bytes:
        raise AssertionError(size_bytes)
