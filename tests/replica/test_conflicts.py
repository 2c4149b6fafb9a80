"""Conflicts as programs see them: what each says, and what settling one writes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from syncore.core.errors import DocumentNotFound, InvalidChange, InvalidValue, Misused
from syncore.documents.changes import UNSET, Counter, List, Set, Text, asserted
from syncore.documents.operations import FieldKind
from syncore.documents.rules import Authority
from syncore.replica.conflicts import Conflict, ConflictKind
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.invariants import check_file_alone
from tests.replica.world import Device, make_world


async def disagree(replica: PrivateReplica, *values: object) -> Conflict:
    """A register that was written by several at once, as a conflict."""
    notes = replica.collection()
    made = await notes.insert({"n": 0}, id="a")
    for value in values:
        await notes.update("a", n=value, seen=made.token)
    [conflict] = await replica.inbox.conflicts(None, resolved=True)
    return conflict


async def test_a_conflict_says_who_wrote_what(tmp_path: Path) -> None:
    """Document, field, value, rule, and each sibling with its device, its time and its label."""
    async with open_private(tmp_path / "a.db") as replica:
        conflict = await disagree(replica, asserted(1, "chain"), 2)
        assert (conflict.collection, conflict.id, conflict.field) == ("notes", "a", "n")
        assert (conflict.kind, conflict.value, conflict.rule) == (ConflictKind.VALUES, 2, "last_write")
        assert (conflict.is_open, conflict.problem) == (True, "")
        later, earlier = conflict.siblings
        assert [(one.value, one.is_shown, one.label) for one in conflict.siblings] == [
            *((2, True, ""), (1, False, "chain"))
        ]
        assert earlier.time is not None
        assert later.time is not None
        assert later.time > earlier.time
        assert (later.device, later.author, later.kind) == (0, None, FieldKind.REGISTER)
        await replica.collection().configure(fields={"n": Authority(["chain"])})
        [settled] = await replica.inbox.conflicts("notes", resolved=True)
        assert (settled.value, settled.rule, settled.is_open) == (1, "authority:chain", False)
        assert await replica.inbox.conflicts("notes", resolved=False) == []


async def test_settling_with_a_sibling_another_value_or_what_is_shown(tmp_path: Path) -> None:
    """All that was seen is superseded, and nothing is left to decide."""
    for number, (how, value) in enumerate([("choose", 1), ("set", 7), ("accept", 3)]):
        async with open_private(tmp_path / f"{number}.db") as replica:
            conflict = await disagree(replica, 1, 2, 3)
            if how == "choose":
                await conflict.choose(conflict.siblings[2])
            elif how == "set":
                await conflict.set(7)
            else:
                await conflict.accept()
            assert (await replica.collection().get("a"))["n"] == value
            assert await replica.inbox.conflicts(None, resolved=True) == []
            assert len(await replica.collection().siblings("a", "n")) == 1


async def test_a_sibling_that_arrives_meanwhile_stays(tmp_path: Path) -> None:
    """What the chooser has not seen is beside the choice; what is settled is not settled again."""
    async with open_private(tmp_path / "a.db") as replica:
        made = await replica.collection().insert({"n": 0}, id="a")
        for value in (1, 2):
            await replica.collection().update("a", n=value, seen=made.token)
        [conflict] = await replica.inbox.conflicts(None, resolved=False)
        await replica.collection().update("a", n=3, seen=made.token)
        await conflict.choose(conflict.siblings[1])
        [left] = await replica.inbox.conflicts(None, resolved=False)
        assert {one.value for one in left.siblings} == {1, 3}
        for attempt in (conflict.accept(), conflict.set(7), conflict.choose(conflict.siblings[0])):
            with pytest.raises(InvalidChange, match="settled meanwhile"):
                await attempt
        assert [left] == await replica.inbox.conflicts(None, resolved=False)


async def test_siblings_keep_their_names(tmp_path: Path) -> None:
    """Whatever arrives beside it and whoever lists it, a sibling is called the same, and chosen by that."""
    _, devices = make_world(tmp_path, "names", 2)
    for device in devices:
        await device.open()
    one, two = devices
    made = await one.collection("notes").insert({"n": 0}, id="a")
    for value in (1, 2):
        await one.collection("notes").update("a", n=value, seen=made.token)
    [before] = await one.inbox.conflicts(None, resolved=False)
    await one.exchange()
    await one.collection("notes").update("a", n=3, seen=made.token)
    for device in (*devices, *devices):
        await device.exchange()
    lists = [(await device.inbox.conflicts(None, resolved=False))[0] for device in devices]
    for conflict in lists:
        assert {one.name: one.value for one in before.siblings}.items() <= {
            one.name: one.value for one in conflict.siblings
        }.items()
        assert len({one.name for one in conflict.siblings}) == 3
    name = next(one.name for one in before.siblings if one.value == 1)
    assert lists[1].sibling(name).value == 1
    await lists[1].choose(name)
    assert (await two.collection("notes").get("a"))["n"] == 1
    assert await two.inbox.conflicts(None, resolved=True) == []
    for device in devices:
        await device.close()


async def test_two_siblings_of_one_name_are_not_chosen_by_it(tmp_path: Path) -> None:
    """Where six letters are not enough to tell two apart, nothing is settled."""
    async with open_private(tmp_path / "a.db") as replica:
        conflict = await disagree(replica, *range(12))
        twins = replace(conflict, siblings=tuple(replace(one, name="bcdfgh") for one in conflict.siblings))
        with pytest.raises(Misused, match=r"two siblings are called 'bcdfgh'.*, and 4 more"):
            await twins.choose("bcdfgh")
        assert len(await replica.inbox.conflicts(None, resolved=False)) == 1


async def test_what_cannot_settle_a_conflict(tmp_path: Path) -> None:
    """A sibling of another conflict, what no field can hold, and a document that is gone."""
    async with open_private(tmp_path / "a.db") as replica:
        conflict = await disagree(replica, 1, 2)
        stranger = type(conflict.siblings[0])(name="bcdfgh", value=9)
        with pytest.raises(Misused):
            await conflict.choose(stranger)
        first, second = conflict.siblings
        listed = f"there are: {first.name} (2), {second.name} (1)"
        with pytest.raises(Misused, match=re.escape(f"no sibling of this conflict is called '1' ({listed})")):
            await conflict.choose("1")
        with pytest.raises(InvalidValue):
            await conflict.set(object())
        assert len(await replica.inbox.conflicts(None, resolved=False)) == 1
        await replica.collection().delete("a")
        for attempt in (conflict.choose(conflict.siblings[0]), conflict.set(1), conflict.accept()):
            with pytest.raises(DocumentNotFound):
                await attempt


KINDS = {
    FieldKind.COUNTER: Counter(5),
    FieldKind.SET: Set(["x"]),
    FieldKind.TEXT: Text("text"),
    FieldKind.LIST: List([1]),
    FieldKind.REGISTER: "value",
}
SHOWN = {
    FieldKind.COUNTER: 5,
    FieldKind.SET: frozenset({"x"}),
    FieldKind.TEXT: "text",
    FieldKind.LIST: [1],
    FieldKind.REGISTER: "value",
}


async def of_all_kinds(folder: Path) -> tuple[list[Device], Conflict]:
    """A field that five devices made five kinds of field, as one of them lists it."""
    _, devices = make_world(folder, "kinds", 5)
    for device in devices:
        await device.open()
    await devices[0].collection("notes").insert({}, id="a")
    for device in (devices[0], *devices):
        await device.exchange()
    for device, change in zip(devices, KINDS.values(), strict=True):
        await device.collection("notes").update("a", f=change)
    for device in (*devices, *devices):
        await device.exchange()
    [conflict] = await devices[0].inbox.conflicts(None, resolved=False)
    return devices, conflict


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_field_of_several_kinds(tmp_path: Path, kind: FieldKind) -> None:
    """One kind is chosen, and the others are gone, on every device."""
    devices, conflict = await of_all_kinds(tmp_path)
    assert conflict.kind is ConflictKind.KINDS
    assert {one.kind: one.value for one in conflict.siblings} == SHOWN
    assert [one.is_shown for one in conflict.siblings] == [True, False, False, False, False]
    await conflict.choose(next(one for one in conflict.siblings if one.kind is kind))
    for device in (devices[0], devices[1]):
        await device.exchange()
        document = await device.collection("notes").get("a")
        assert (document["f"], document.conflicts) == (SHOWN[kind], ())
        assert document.kinds.get("f", FieldKind.REGISTER) is kind
        assert await device.inbox.conflicts(None, resolved=True) == []
    for device in devices:
        await device.close()


async def test_another_value_for_a_field_of_several_kinds(tmp_path: Path) -> None:
    """The field becomes what is set, or stays what it shows."""
    devices, conflict = await of_all_kinds(tmp_path)
    await conflict.set(Text("new"))
    document = await devices[0].collection("notes").get("a")
    assert (document["f"], document.kinds) == ("new", {"f": FieldKind.TEXT})
    await devices[1].exchange()
    [conflict] = await devices[1].inbox.conflicts(None, resolved=False)
    await conflict.accept()
    assert (await devices[1].collection("notes").get("a"))["f"] == 5
    for device in devices:
        await device.close()


async def deleted_and_changed(folder: Path, rule: str) -> list[Device]:
    """Two devices: one deleted the document ``a`` while the other changed it."""
    _, devices = make_world(folder, rule, 2)
    for device in devices:
        await device.open()
    await devices[0].collection("notes").configure(deletion=rule)
    await devices[0].collection("notes").insert({"n": 0, "t": Text("x")}, id="a")
    for device in devices:
        await device.exchange()
    await devices[0].collection("notes").delete("a")
    await devices[1].collection("notes").update("a", n=1)
    for device in (*devices, *devices):
        await device.exchange()
    return devices


@pytest.mark.parametrize(
    ("rule", "is_shown", "is_open"),
    [("update_wins", True, False), ("delete_wins", False, False), ("ask", True, True)],
)
async def test_a_deletion_against_a_change(
    tmp_path: Path,
    rule: str,
    is_shown: bool,  # noqa: FBT001 - columns of the table
    is_open: bool,  # noqa: FBT001 - columns of the table
) -> None:
    """The rule says what is shown and whether it is open; either side can be chosen, for every device."""
    devices = await deleted_and_changed(tmp_path, rule)
    for device in devices:
        assert (await device.collection("notes").find_one("a") is not None) is is_shown
        [conflict] = await device.inbox.conflicts(None, resolved=True)
        assert (conflict.kind, conflict.field, conflict.rule) == (ConflictKind.DELETION, None, rule)
        assert (conflict.is_open, len(await device.inbox.conflicts(None, resolved=False))) == (
            is_open,
            is_open,
        )
        assert {(one.is_deletion, one.device, one.is_shown) for one in conflict.siblings} == {
            *((True, 0, not is_shown), (False, 1, is_shown))
        }
        with pytest.raises(Misused):
            await conflict.set(1)
    [conflict] = await devices[0].inbox.conflicts(None, resolved=True)
    await conflict.choose(next(one for one in conflict.siblings if not one.is_deletion))
    assert dict(await devices[0].collection("notes").get("a")) == {"n": 1, "t": "x"}
    # Meanwhile the other device decides otherwise: a change and a deletion at once, again.
    [other] = await devices[1].inbox.conflicts(None, resolved=True)
    await other.choose(next(one for one in other.siblings if one.is_deletion))
    assert await devices[1].collection("notes").find_one("a") is None
    for device in (*devices, *devices):
        await device.exchange()
    for device in devices:
        assert (await device.collection("notes").find_one("a") is not None) is is_shown
        [conflict] = await device.inbox.conflicts(None, resolved=True)
        await check_file_alone(device.local, device.number)
    await conflict.accept()
    assert (await devices[1].collection("notes").find_one("a") is not None) is is_shown
    assert await devices[1].inbox.conflicts(None, resolved=True) == []
    for device in devices:
        await device.close()


async def test_where_people_are_asked_an_edit_is_no_answer(tmp_path: Path) -> None:
    """Somebody who goes on editing has not decided that the document stays."""
    devices = await deleted_and_changed(tmp_path, "ask")
    await devices[1].collection("notes").update("a", n=2)
    [conflict] = await devices[1].inbox.conflicts(None, resolved=False)
    assert conflict.kind is ConflictKind.DELETION
    await devices[1].collection("notes").delete("a")
    assert await devices[1].collection("notes").find_one("a") is None
    for device in devices:
        await device.close()


async def test_a_hidden_change_comes_back_when_the_rule_does(tmp_path: Path) -> None:
    """Under delete_wins nothing is lost: the change is kept, and shown under another rule."""
    devices = await deleted_and_changed(tmp_path, "delete_wins")
    notes = devices[0].collection("notes")
    await notes.configure(deletion="update_wins")
    assert dict(await notes.get("a")) == {"n": 1, "t": "x"}
    await notes.configure(deletion=UNSET)
    await notes.update("a", n=2)  # by somebody who saw the deletion, which this takes back
    await notes.configure(deletion="delete_wins")
    assert (await notes.get("a"))["n"] == 2
    for device in devices:
        await device.close()


@pytest.mark.parametrize("is_accepted", [False, True])
async def test_a_chosen_value_keeps_its_label(tmp_path: Path, *, is_accepted: bool) -> None:
    """By whose authority a value was written is known after it was chosen as before."""
    async with open_private(tmp_path / "a.db") as replica:
        made = await replica.collection().insert({"n": 0}, id="a")
        for label in ("LOW", "HIGH"):
            await replica.collection().update("a", n=asserted(label, label), seen=made.token)
        [conflict] = await replica.inbox.conflicts(None, resolved=False)
        await (conflict.accept() if is_accepted else conflict.choose(conflict.siblings[1]))
        [sibling] = await replica.collection().siblings("a", "n")
        assert sibling.label == sibling.value == ("HIGH" if is_accepted else "LOW")
