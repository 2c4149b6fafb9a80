"""Edits of the plan as they are carried out: written down before and after, made once, and made whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncore import Counter, Replica, Text
from syncore.cli.demo.editing import Editor
from syncore.cli.demo.ledger import Ledger, LedgerEdit, read_ledger
from syncore.cli.demo.scenario import Place, PlannedEdit, PlannedWrite, WriteKind
from syncore.core.errors import DocumentNotFound

ROME, OSLO, NOWHERE = Place("airports", "FCO"), Place("airports", "OSL"), Place("airports", "???")
TEXT = Place("texts", "travellers")


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """A private replica with two airports and a text."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", sync=False) as replica:
        rome = {"name": "Fiumicino", "visits": Counter(1), "tags": {"a", "b", "c"}}
        await replica.collection("airports").insert(rome, id="FCO")
        await replica.collection("airports").insert({"name": "Gardermoen", "tags": set()}, id="OSL")
        await replica.collection("texts").insert({"body": Text("first\nlast\n")}, id="travellers")
        yield replica


def write(place: Place, field: str, kind: WriteKind, value: int | str | None = None) -> PlannedWrite:
    """A write as the plan has it; it draws 4."""
    return PlannedWrite(place=place, field=field, kind=kind, value=value, draw=4)


def edit(number: int, *writes: PlannedWrite) -> PlannedEdit:
    """An edit as the plan has it."""
    return PlannedEdit(id=f"d1#{number}", writes=writes)


def named(number: int, place: Place = ROME) -> PlannedEdit:
    """An edit of an airport's name."""
    return edit(number, write(place, "name", WriteKind.REGISTER, f"Rome «d1#{number}»"))


async def make(replica: Replica, path: Path, *edits: PlannedEdit) -> list[LedgerEdit]:
    """Make edits; all that stands in the ledger afterwards."""
    ledger = Ledger.open(path)
    made: list[None] = []
    expected = sum(planned.id not in ledger for planned in edits)
    try:
        await Editor(replica, ledger).make(edits, on_made=lambda: made.append(None))
    finally:
        ledger.close()
    assert len(made) == expected
    return read_ledger(path)


async def test_every_kind_of_write_has_its_effect(replica: Replica, tmp_path: Path) -> None:
    """Registers, counters, sets and texts change as planned, and every edit is acknowledged in the ledger."""
    found = await make(
        replica,
        tmp_path / "ledger",
        named(1),
        edit(2, write(ROME, "visits", WriteKind.COUNTER, 4)),
        edit(3, write(ROME, "routes", WriteKind.ADD, "d1#3")),
        edit(4, write(ROME, "tags", WriteKind.REMOVE)),
        edit(5, write(TEXT, "body", WriteKind.TEXT, "«d1#5» between\n")),
    )
    rome = await replica.collection("airports").get("FCO")
    assert (rome["name"], rome["visits"], rome["routes"]) == ("Rome «d1#1»", 5, frozenset({"d1#3"}))
    assert rome["tags"] == frozenset({"a", "c"})
    text = await replica.collection("texts").get("travellers")
    assert text["body"] == "first\n«d1#5» between\nlast\n"
    assert sorted(one.id for one in found if one.is_acknowledged) == [f"d1#{n}" for n in range(1, 6)]
    (removal,) = (one.writes[0] for one in found if one.id == "d1#4")
    assert removal.value == "b"


async def test_where_nothing_can_be_removed_nothing_is(replica: Replica, tmp_path: Path) -> None:
    """A removal from an empty set, or from none, is written down as that of an element nobody added."""
    found = await make(
        replica,
        tmp_path / "ledger",
        edit(1, write(OSLO, "tags", WriteKind.REMOVE)),
        edit(2, write(OSLO, "none", WriteKind.REMOVE)),
    )
    assert [(one.writes[0].value, one.is_acknowledged) for one in found] == [("", True)] * 2


async def test_a_register_replaces_what_was_seen(replica: Replica, tmp_path: Path) -> None:
    """The ledger says whose value each write has read, of an imported one nobody's, and with which token."""
    path = tmp_path / "ledger"
    before = (await replica.collection("airports").get("FCO")).token
    await make(replica, path, named(1))
    between = (await replica.collection("airports").get("FCO")).token
    first, second = (one.writes[0] for one in await make(replica, path, named(2)))
    assert (first.saw, first.token) == (("",), before)
    assert (second.saw, second.token) == (("d1#1",), between)
    fresh = edit(3, write(ROME, "fresh", WriteKind.REGISTER, "«d1#3»"))
    assert (await make(replica, path, fresh))[-1].writes[0].saw == ()


async def test_edits_of_the_ledger_are_not_made_again(replica: Replica, tmp_path: Path) -> None:
    """A device that is started again goes on with what it had not begun, confirmed or not."""
    path = tmp_path / "ledger"
    ledger = Ledger.open(path)
    await ledger.before("d1#1")
    ledger.close()
    counts = [edit(number, write(ROME, "visits", WriteKind.COUNTER, 1)) for number in (1, 2, 3)]
    await make(replica, path, *counts)
    found = await make(replica, path, *counts)
    assert [(one.id, one.is_acknowledged) for one in found] == [
        ("d1#1", False),
        ("d1#2", True),
        ("d1#3", True),
    ]
    assert (await replica.collection("airports").get("FCO"))["visits"] == 3


async def test_a_transaction_is_made_whole_or_not_at_all(replica: Replica, tmp_path: Path) -> None:
    """All documents of a transaction change together; where one cannot, none does."""
    path = tmp_path / "ledger"
    route = [write(place, "routes", WriteKind.ADD, "d1#1") for place in (ROME, OSLO)]
    line = write(TEXT, "body", WriteKind.TEXT, "«d1#1» on time\n")
    async with replica.watch() as changes:
        await make(replica, path, edit(1, *route, line))
        shown = [await anext(changes) for _ in range(3)]
    assert {change.id for change in shown} == {"FCO", "OSL", "travellers"}
    for id_ in ("FCO", "OSL"):
        assert (await replica.collection("airports").get(id_))["routes"] == frozenset({"d1#1"})
    before = await replica.space.digest()
    broken = edit(2, write(ROME, "visits", WriteKind.COUNTER, 1), write(NOWHERE, "n", WriteKind.COUNTER, 1))
    with pytest.raises(ExceptionGroup) as caught:
        await make(replica, path, broken)
    assert caught.group_contains(DocumentNotFound)
    assert await replica.space.digest() == before
    assert [(one.id, one.is_acknowledged) for one in read_ledger(path)] == [("d1#1", True), ("d1#2", False)]
