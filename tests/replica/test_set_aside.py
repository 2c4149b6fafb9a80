"""Own commits that no receiver would take: found before they are sent, and kept for their author."""

from dataclasses import replace
from pathlib import Path

from syncore.codec.values import encode_value
from syncore.core.commits import Entry, EntryKind
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.documents.entries import RecordEntry, encode_record_entry
from syncore.documents.operations import (
    SetField,
)
from syncore.protocol.commit_codec import decode_commit, encode_commit
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_state import SpaceState
from syncore.storage.pending_rows import PendingRows
from tests.replica.world import make_world


def _spoil(sql: SqlConnection, state: SpaceState, work: DocumentWork) -> None:
    """Let the second pending commit name an operation that nobody has seen, as a defect of ours might."""
    pending = PendingRows(sql, state.number)
    row = pending.all()[1]
    operation = SetField(field="n", value=encode_value(1), replaces=(Dot(Writer(77), 5),))
    entry = RecordEntry(key=DocumentKey("notes", "b"), operations=(operation,))
    commit = decode_commit(row.body)
    spoilt = replace(commit, entries=(Entry(EntryKind.RECORD, encode_record_entry(entry)),))
    documents = [work.row_of(entry.key)]
    pending.remove(row.sequence, documents)
    pending.append(replace(row, body=encode_commit(spoilt)), documents)
    work.forget_all()


async def test_a_commit_that_nobody_would_take_is_set_aside(tmp_path: Path) -> None:
    """It is never sent, its author finds it with the reason, and what is around it goes on."""
    relay, (device, other) = make_world(tmp_path, "aside", 2)
    await device.open()
    await other.open()
    await device.exchange()
    for id_ in ("a", "b", "c"):
        await device.collection("notes").insert({"n": 1}, id=id_)
    await device.local.change(device.number, _spoil, is_local=True)
    items = len(relay.items)
    await device.exchange()
    await other.exchange()
    assert len(relay.items) == items + 1
    for one in (device, other):
        assert [document.id async for document in one.collection("notes").find()] == ["a", "c"]
    kept = await device.local.read(lambda sql: PendingRows(sql, device.number).all_set_aside())
    assert len(kept) == 1
    assert "cannot have seen" in kept[0].reason
    assert device.sync.progress.set_aside == 1
    await device.collection("notes").insert({"n": 2}, id="b")
    await device.exchange()
    await other.exchange()
    assert (await other.collection("notes").get("b"))["n"] == 2
    await device.close()
    await other.close()
