"""Undo and redo of whole transactions, over restarts, returns in time, and what else happens to a file."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncore.core.errors import DiskFull, NotPermitted
from syncore.core.identifiers import DocumentKey
from syncore.core.limits import MAX_REOPENED_SIBLINGS, MAX_UNDO_STEPS
from syncore.core.ports import SqlConnection
from syncore.documents.changes import (
    UNSET,
    Counter,
    List,
    Text,
    add,
    asserted,
    increment,
    remove,
    rewrite,
    splice,
)
from syncore.protocol.control_payloads import Role
from syncore.replica.digesting import space_digest
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_state import SpaceState
from syncore.replica.undo_log import forget_commit, log_pending
from syncore.storage.pending_rows import PendingRows
from syncore.storage.undo_rows import Stack, UndoRows
from tests.replica.databases import open_private
from tests.replica.invariants import check_device
from tests.replica.test_sharing import make_relay, share
from tests.replica.world import Device, make_world


@pytest.fixture
async def devices(tmp_path: Path) -> AsyncIterator[list[Device]]:
    """Two members of a space, up to date."""
    _, devices = make_world(tmp_path, "undoing", 2)
    for device in devices:
        await device.open()
        await device.exchange()
    yield devices
    for device in devices:
        await device.close()


async def exchange(*devices: Device) -> None:
    """Everybody learns of everything."""
    for device in (*devices, *devices):
        await device.exchange()


async def text_of(device: Device, id_: str = "a") -> str:
    """The text of a note."""
    return str((await device.collection("notes").get(id_))["text"])


async def test_nothing_to_undo(devices: list[Device]) -> None:
    """With nothing to undo or redo there is an answer, and no change; the same for what others wrote."""
    one, two = devices
    notes = one.collection("notes")
    for outcome in (await notes.undo("a"), await notes.redo("a")):
        assert (bool(outcome), outcome.was_empty, outcome.left_alone) == (False, True, ())
    await two.collection("notes").insert({"n": 1}, id="a")
    await exchange(one, two)
    assert not await notes.can_undo("a")
    assert (await notes.undo("a")).was_empty
    assert dict(await notes.get("a")) == {"n": 1}


async def test_a_transaction_is_undone_as_a_whole(devices: list[Device]) -> None:
    """Undo of one document of a transaction takes back all of it, and redo does all of it again."""
    one, _ = devices
    accounts = one.collection("accounts")
    for id_ in ("a", "b"):
        await accounts.insert({"balance": Counter(100)}, id=id_)
    async with one.transaction() as transaction:
        await transaction.update(("accounts", "a"), balance=increment(-30))
        await transaction.update(("accounts", "b"), balance=increment(30))
    await accounts.update("b", balance=increment(1))
    outcome = await accounts.undo("a")
    assert sorted(outcome.documents) == [("accounts", "a"), ("accounts", "b")]
    assert [(await accounts.get(id_))["balance"] for id_ in "ab"] == [100, 101]
    assert await accounts.can_redo("b")
    await accounts.redo("b")
    assert [(await accounts.get(id_))["balance"] for id_ in "ab"] == [70, 131]


async def test_a_new_change_ends_redo_for_the_whole_transaction(devices: list[Device]) -> None:
    """Once a document was changed anew, no transaction that it was part of is done again anywhere."""
    one, _ = devices
    notes = one.collection("notes")
    await notes.insert({"n": 0}, id="a")
    await notes.update("a", n=1)
    async with one.transaction() as transaction:
        await transaction.update(("notes", "a"), n=2)
        await transaction.insert("notes", {"n": 0}, id="b")
    await notes.undo("b")
    await notes.undo("a")
    assert await notes.can_redo("b")
    await notes.insert({"n": 9}, id="b")
    assert not await notes.can_redo("b")
    await notes.redo("a")
    assert (await notes.get("a"))["n"] == 1
    assert not await notes.can_redo("a")
    assert (await notes.redo("a")).was_empty


async def test_undo_survives_restarts_and_acknowledgement(devices: list[Device]) -> None:
    """What was sent and confirmed, and after a restart, is undone like what is pending; others follow."""
    one, two = devices
    notes = one.collection("notes")
    await notes.insert({"text": Text("abc")}, id="a")
    await notes.update("a", text=splice(1, 1, "XYZ"))
    await exchange(one, two)
    await one.reopen()
    notes = one.collection("notes")
    await notes.update("a", text=splice(0, 1, ""))
    assert await text_of(one) == "XYZc"
    for expected in ("aXYZc", "abc"):
        await one.reopen()
        assert await one.collection("notes").undo("a")
        assert await text_of(one) == expected
    await exchange(one, two)
    assert await text_of(two) == "abc"
    await one.reopen()
    await one.collection("notes").redo("a")
    assert await text_of(one) == "aXYZc"
    await check_device(one)


async def test_what_others_wrote_is_left_alone_and_named(devices: list[Device]) -> None:
    """A register, a made document and a deletion are left as others made them, with the reason."""
    one, two = devices
    mine, theirs = one.collection("notes"), two.collection("notes")
    await mine.insert({"n": 1, "m": 1}, id="a")
    await mine.insert({"n": 1}, id="b")
    await exchange(one, two)
    await mine.update("a", n=2, m=2)
    await exchange(one, two)
    await theirs.update("a", n=3)
    await theirs.update("b", n=2)
    await exchange(one, two)
    outcome = await mine.undo("a")
    assert [str(left) for left in outcome.left_alone] == ["notes/a n: the field was written since"]
    assert dict(await mine.get("a")) == {"n": 3, "m": 1}
    outcome = await mine.undo("b")
    assert [(left.field, left.reason) for left in outcome.left_alone] == [
        (None, "somebody else has changed the document since")
    ]
    assert not outcome
    assert not outcome.was_empty
    await mine.update("b", n=7)
    await exchange(one, two)
    await theirs.delete("b")
    await exchange(one, two)
    assert [left.reason for left in (await mine.undo("b")).left_alone] == ["the document was deleted since"]
    assert await mine.find_one("b") is None


async def test_a_deletion_that_others_made_too_stays(devices: list[Device]) -> None:
    """An undo does not bring back what somebody else has deleted as well."""
    one, two = devices
    await one.collection("notes").insert({"n": 1}, id="a")
    await exchange(one, two)
    await one.collection("notes").delete("a")
    await two.collection("notes").delete("a")
    await exchange(one, two)
    outcome = await one.collection("notes").undo("a")
    assert [left.reason for left in outcome.left_alone] == ["somebody else has deleted it too"]
    assert await one.collection("notes").find_one("a") is None


async def test_conflicting_values_of_others_stay_beside(devices: list[Device]) -> None:
    """What others wrote at once stands alone after an undo, with nothing older over it; redo joins it."""
    one, two = devices
    notes = one.collection("notes")
    await notes.insert({"old": 1}, id="a")
    await exchange(one, two)
    await two.collection("notes").update("a", old="theirs", fresh="theirs")
    await notes.update("a", old="mine", fresh="mine")
    await exchange(one, two)
    await notes.undo("a")
    assert dict(await notes.get("a")) == {"old": "theirs", "fresh": "theirs"}
    assert [sibling.value for sibling in await notes.siblings("a", "old")] == ["theirs"]
    await notes.redo("a")
    assert {sibling.value for sibling in await notes.siblings("a", "old")} == {"mine", "theirs"}
    await exchange(one, two)
    assert await space_digest(one.local, one.number) == await space_digest(two.local, two.number)


async def test_the_log_is_bounded(devices: list[Device]) -> None:
    """At least so many changes of a document can be undone, and hardly more, pending or not, of long ago."""
    one, _ = devices
    notes = one.collection("notes")
    await notes.insert({"n": 0}, id="a")
    for number in range(1, 2 * MAX_UNDO_STEPS):
        await notes.update("a", n=number)
        if number % 30 == 0:
            await one.exchange()
    undone = 0
    while await notes.undo("a"):
        undone += 1
    assert undone == MAX_UNDO_STEPS
    assert (await notes.get("a"))["n"] == MAX_UNDO_STEPS - 1


async def test_the_log_of_a_private_space_is_bounded_and_ends_with_it(tmp_path: Path) -> None:
    """In a private space the log is kept from the first; sharing, which sheds all history, ends it."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 0, "text": Text("abc")}, id="a")
        for number in range(1, 2 * MAX_UNDO_STEPS):
            await notes.update("a", n=number)
        await notes.update("a", text=splice(0, 2, "secret"))
        assert await notes.undo("a")
        assert (await notes.get("a"))["text"] == "abc"
        assert await notes.redo("a")
        rows = await replica.local.read(lambda sql: UndoRows(sql).of_document(Stack.UNDO, 1))
        assert MAX_UNDO_STEPS <= len(rows) <= MAX_UNDO_STEPS + 20
        await share(replica, make_relay(tmp_path))
        assert await replica.local.read(lambda sql: all(UndoRows(sql).is_empty(stack) for stack in Stack))
        assert (await notes.undo("a")).was_empty
        await notes.update("a", n=-1)
        assert await notes.undo("a")
        assert (await notes.get("a"))["n"] == 2 * MAX_UNDO_STEPS - 1


async def test_a_transaction_that_is_no_longer_whole_ends_the_log(devices: list[Device]) -> None:
    """When one document's part of a transaction was dropped as too old, none of it is undone."""
    one, _ = devices
    notes = one.collection("notes")
    async with one.transaction() as transaction:
        for id_ in ("a", "b"):
            await transaction.insert("notes", {"n": 0}, id=id_)
    for number in range(1, MAX_UNDO_STEPS + 1):
        await notes.update("a", n=number)
    await one.exchange()
    assert not await notes.can_undo("b")
    assert (await notes.undo("b")).was_empty
    assert (await notes.get("b"))["n"] == 0


async def test_re_keyed_changes_are_undone(tmp_path: Path) -> None:
    """After a copy of the file took our numbers, and the rest was re-keyed, undo still finds its own."""
    relay, (one, two) = make_world(tmp_path, "rekeyed", 2)
    for device in (one, two):
        await device.open()
        await device.exchange()
    await one.collection("notes").insert({"text": Text("abcd"), "n": 0, "list": List([1, 2])}, id="a")
    await one.exchange()
    await one.collection("notes").update("a", text=splice(1, 1, "1"), n=1)
    await one.close()
    shutil.copy(one.path, tmp_path / "copy.db")
    copy = Device(relay, tmp_path / "copy.db", one.keys, one.content_key, "copy", one.index)
    copy.files = one.files.copy()
    await one.open()
    await copy.open()
    await one.collection("notes").update("a", text=splice(0, 0, "<one>"), n=2)
    await copy.collection("notes").update("a", text=splice(4, 0, "<copy>"), list=splice(0, 1, ["x"]))
    await copy.collection("notes").update("a", text=splice(2, 1, ""))
    await one.exchange()
    await exchange(copy, one, two)
    assert await text_of(copy) == "<one>a1d<copy>"
    left: list[str | None] = []
    for expected in ("<one>a1cd<copy>", "<one>a1cd", "<one>abcd"):
        left += (one.field for one in (await copy.collection("notes").undo("a")).left_alone)
        assert await text_of(copy) == expected
    assert left == ["n"]
    assert (await copy.collection("notes").get("a"))["list"] == [1, 2]
    await exchange(copy, one, two)
    for device in (one, two, copy):
        assert await text_of(device) == "<one>abcd"
        await check_device(device)
        await device.close()


async def test_undo_of_undone_restores_places(devices: list[Device]) -> None:
    """What comes back and goes again comes back at the same place each time, beside what others wrote."""
    one, two = devices
    notes = one.collection("notes")
    await notes.insert({"text": Text("Good")}, id="a")
    await notes.update("a", text=splice(1, 2, "XY"))
    await exchange(one, two)
    await two.collection("notes").update("a", text=rewrite(lambda text: text.replace("d", "(d)")))
    await exchange(one, two)
    for _ in range(3):
        await notes.undo("a")
        assert await text_of(one) == "Goo(d)"
        await notes.redo("a")
        assert await text_of(one) == "GXY(d)"


async def test_a_reader_cannot_undo(tmp_path: Path) -> None:
    """Who may not write may not undo either."""
    _, (_, reader) = make_world(tmp_path, "reader", 2, [Role.OWNER, Role.READER])
    await reader.open()
    await reader.exchange()
    with pytest.raises(NotPermitted):
        await reader.collection("notes").undo("a")
    await reader.close()


async def test_a_failed_write_undoes_nothing(tmp_path: Path) -> None:
    """When the disk is full, neither the document nor the log has changed."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 0}, id="a")
        await notes.update("a", n=1)
        replica.database.failing = [True]
        with pytest.raises(DiskFull):
            await notes.undo("a")
        assert (await notes.get("a"))["n"] == 1
        assert await notes.undo("a")
        assert (await notes.get("a"))["n"] == 0


async def test_a_commit_that_was_set_aside_is_not_undone(devices: list[Device]) -> None:
    """What a commit did that was taken out of the pending log cannot be undone any more."""
    one, _ = devices
    await one.collection("notes").insert({"n": 0}, id="a")
    number = one.number

    def forget(sql: SqlConnection, _: SpaceState, work: DocumentWork) -> None:
        log_pending(sql, number)
        [row] = PendingRows(sql, number).all()
        document = work.row_of(DocumentKey("notes", "a"))
        forget_commit(sql, [document], work.decoded(row).time)

    assert await one.collection("notes").can_undo("a")
    await one.local.change(number, forget, is_local=True)
    assert not await one.collection("notes").can_undo("a")


async def test_rules_for_conflicts_decide_what_is_shown(devices: list[Device]) -> None:
    """A value goes whether its rule shows it or not, and what others wrote stays."""
    one, two = devices
    notes = one.collection("notes")
    await notes.configure(fields={"n": "max"}, deletion="delete_wins")
    await notes.insert({"n": 1}, id="a")
    await exchange(one, two)
    await notes.update("a", n=5)
    await two.collection("notes").update("a", n=9)
    await exchange(one, two)
    assert (await notes.undo("a")).left_alone == ()
    assert [sibling.value for sibling in await notes.siblings("a", "n")] == [9]
    await notes.redo("a")
    await exchange(one, two)
    await two.collection("notes").undo("a")
    await exchange(one, two)
    assert (await notes.get("a"))["n"] == 5
    await notes.delete("a")
    await two.collection("notes").update("a", m=1)
    await exchange(one, two)
    assert await notes.find_one("a") is None
    await notes.undo("a")
    assert dict(await notes.get("a")) == {"n": 5, "m": 1}


async def test_own_later_changes_are_left_alone_too(devices: list[Device]) -> None:
    """A transaction that is undone for one document leaves what this replica changed later in another."""
    one, _ = devices
    notes = one.collection("notes")
    for id_ in ("a", "b"):
        await notes.insert({"n": 0, "tags": set()}, id=id_)
    async with one.transaction() as transaction:
        for id_ in ("a", "b"):
            await transaction.update(("notes", id_), n=1, tags={"x"})
    await notes.update("b", n=2)
    await notes.update("b", tags=(remove("x"), add("x")))
    outcome = await notes.undo("a")
    assert {(left.id, left.field) for left in outcome.left_alone} == {("b", "n")}
    assert dict(await notes.get("a")) == {"n": 0, "tags": frozenset()}
    assert (await notes.get("b"))["n"] == 2


async def siblings(device: Device, field: str = "n") -> list[tuple[object, str]]:
    """The values of a field of the note, the shown one first, with their labels."""
    found = await device.collection("notes").siblings("a", field)
    return [(sibling.value, sibling.label) for sibling in found]


@pytest.mark.parametrize("how", ["accept", "choose", "set", "update", "unset"])
@pytest.mark.parametrize("is_sent", [False, True])
async def test_an_undone_settlement_is_an_open_conflict_again(
    devices: list[Device], how: str, *, is_sent: bool
) -> None:
    """Undo brings all siblings back, on every device; redo settles the conflict again, and so on."""
    one, two = devices
    notes = one.collection("notes")
    await notes.insert({"n": 0, "m": 0}, id="a")
    await exchange(one, two)
    await notes.update("a", n=asserted(1, "LOW"))
    await two.collection("notes").update("a", n=2)
    await exchange(one, two)
    before = await siblings(one)
    assert sorted(before) == [(1, "LOW"), (2, "")]
    [conflict] = await one.inbox.conflicts("notes", resolved=False)
    match how:
        case "accept":
            await conflict.accept()
        case "choose":
            await conflict.choose(conflict.siblings[1])
        case "set":
            await conflict.set(7)
        case "update":
            await notes.update("a", n=7, m=1)
        case _:
            await notes.update("a", n=UNSET)
    after = await siblings(one) if how != "unset" else []
    for stack in (Stack.UNDO, Stack.REDO, Stack.UNDO, Stack.REDO, Stack.UNDO):
        if is_sent:
            await exchange(one, two)
        outcome = await (notes.undo("a") if stack is Stack.UNDO else notes.redo("a"))
        assert (outcome.left_alone, len(outcome.documents)) == ((), 1)
        if stack is Stack.REDO and how == "unset":
            assert "n" not in await notes.get("a")
        else:
            assert await siblings(one) == (before if stack is Stack.UNDO else after)
    assert len(await one.inbox.conflicts("notes", resolved=False)) == 1
    await exchange(one, two)
    assert await siblings(two) == before
    assert await space_digest(one.local, one.number) == await space_digest(two.local, two.number)
    await notes.undo("a")
    assert await siblings(one) == [(2, "")]  # what this device itself wrote before


async def contested(devices: list[Device], rule: str) -> tuple[bool, bool, list[tuple[bool, bool]]]:
    """Whether the note is there and its deletion in question, and what its deletions make of every rule."""
    one, two = devices
    notes = one.collection("notes")
    await notes.configure(deletion=rule)
    await notes.insert({"n": 0}, id="a")
    await exchange(one, two)
    await one.collection("notes").delete("a")
    await two.collection("notes").update("a", n=1)
    await exchange(one, two)
    return await stands(two)


async def stands(device: Device) -> tuple[bool, bool, list[tuple[bool, bool]]]:
    """Whether the note is there, whether a person is asked, and the sides of its deletion conflict."""
    is_there = await device.collection("notes").find_one("a") is not None
    found = await device.inbox.conflicts("notes", resolved=True)
    sides = sorted({(one.is_deletion, one.is_shown) for conflict in found for one in conflict.siblings})
    return is_there, any(conflict.is_open for conflict in found), sides


@pytest.mark.parametrize("how", ["delete", "keep", "accept", "call delete"])
@pytest.mark.parametrize("rule", ["ask", "delete_wins", "update_wins"])
@pytest.mark.parametrize("is_sent", [False, True])
async def test_an_undone_settlement_of_a_deletion_is_a_conflict_again(
    devices: list[Device], rule: str, how: str, *, is_sent: bool
) -> None:
    """Undo puts the deletion beside the change again, for everybody; redo settles it again, and so on."""
    one, two = devices
    before = await contested(devices, rule)
    assert before == (rule != "delete_wins", rule == "ask", [(False, before[0]), (True, not before[0])])
    notes = two.collection("notes")
    [conflict] = await two.inbox.conflicts("notes", resolved=True)
    if how == "call delete":
        if not before[0]:
            return  # there is nothing to be deleted
        await notes.delete("a")
    elif how == "accept":
        await conflict.accept()
    else:
        await conflict.choose(next(one for one in conflict.siblings if one.is_deletion == (how == "delete")))
    after = await stands(two)
    assert after[1:] == (False, [])
    for stack in (Stack.UNDO, Stack.REDO, Stack.UNDO, Stack.REDO, Stack.UNDO):
        if is_sent:
            await exchange(one, two)
        outcome = await (notes.undo("a") if stack is Stack.UNDO else notes.redo("a"))
        assert (outcome.left_alone, len(outcome.documents)) == ((), 1)
        assert await stands(two) == (before if stack is Stack.UNDO else after)
    await exchange(one, two)
    assert await stands(one) == before
    assert await space_digest(one.local, one.number) == await space_digest(two.local, two.number)
    for device in devices:
        await check_device(device)


async def test_a_deletion_conflict_does_not_come_back_over_another_deletion(devices: list[Device]) -> None:
    """Where somebody else deleted the document since it was kept, their deletion stands and is named."""
    one, two = devices
    await contested(devices, "ask")
    [conflict] = await two.inbox.conflicts("notes", resolved=True)
    await conflict.choose(next(one for one in conflict.siblings if not one.is_deletion))
    token = (await two.collection("notes").get("a")).token
    await exchange(one, two)
    await one.collection("notes").delete("a", seen=token)
    await two.collection("notes").update("a", m=1)
    await exchange(one, two)
    await two.collection("notes").undo("a")
    [left] = (await two.collection("notes").undo("a")).left_alone
    assert (left.field, left.reason) == (None, "somebody else has deleted it since")


async def test_an_undone_settlement_leaves_what_was_written_at_once(devices: list[Device]) -> None:
    """Somebody else's write, which may have replaced the siblings, is not covered by them again."""
    one, two = devices
    notes = one.collection("notes")
    made = await notes.insert({"n": 0}, id="a")
    for value in (1, 2):
        await notes.update("a", n=value, seen=made.token)
    await exchange(one, two)
    await two.collection("notes").update("a", n=3)
    await notes.update("a", n=4)
    await exchange(one, two)
    [left] = (await notes.undo("a")).left_alone
    assert (left.field, "earlier values" in left.reason) == ("n", True)
    assert await siblings(one) == [(3, "")]


async def test_labels_come_back(devices: list[Device]) -> None:
    """Undo brings a value back under the label that it was asserted with."""
    one, _ = devices
    notes = one.collection("notes")
    await notes.insert({"n": asserted(1, "HIGH")}, id="a")
    await notes.update("a", n=asserted(2, "LOW"))
    await notes.undo("a")
    assert await siblings(one) == [(1, "HIGH")]
    await notes.redo("a")
    assert await siblings(one) == [(2, "LOW")]
    await notes.update("a", n=2)
    await notes.undo("a")
    assert await siblings(one) == [(2, "LOW")]


async def test_an_undo_brings_only_so_many_siblings_back(devices: list[Device]) -> None:
    """Of more than anybody chooses among, the newest come back, and the outcome says so."""
    one, _ = devices
    notes = one.collection("notes")
    made = await notes.insert({"n": -1}, id="a")
    for value in range(MAX_REOPENED_SIBLINGS + 2):
        await notes.update("a", n=value, seen=made.token)
    await notes.update("a", n="settled")
    [left] = (await notes.undo("a")).left_alone
    assert "newest" in left.reason
    assert {value for value, _ in await siblings(one)} == set(range(2, MAX_REOPENED_SIBLINGS + 2))
    await notes.redo("a")
    assert await siblings(one) == [("settled", "")]


async def test_an_own_older_sibling_stays(devices: list[Device]) -> None:
    """What this device itself had written beside, with an older token, is no part of what is undone."""
    one, _ = devices
    notes = one.collection("notes")
    made = await notes.insert({"n": 0}, id="a")
    for value in (1, 2):
        await notes.update("a", n=value, seen=made.token)
    await notes.undo("a")
    assert await siblings(one) == [(1, "")]
    await notes.redo("a")
    assert await siblings(one) == [(2, ""), (1, "")]
