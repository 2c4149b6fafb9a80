"""The judgement over what is left of a story: an honest end has nothing amiss, what is planted is found."""

from dataclasses import replace
from pathlib import Path

from syncore import Counter, Replica, Text
from syncore.cli.demo.airports import Airports
from syncore.cli.demo.children import Children
from syncore.cli.demo.conductor import Played
from syncore.cli.demo.device_process import DeviceProcess
from syncore.cli.demo.editing import Editor
from syncore.cli.demo.judging import Judge, Judgement
from syncore.cli.demo.ledger import Ledger, LedgerWrite
from syncore.cli.demo.relay_process import RelayProcess
from syncore.cli.demo.scenario import (
    HEADING,
    SHARED_TEXT,
    TEXT_FIELD,
    Place,
    PlannedEdit,
    WriteKind,
    plan_edits,
)
from tests.relay.device import running_relay
from tests.sync.waiting import converged, synced

AIRPORTS: Airports = {
    "FCO": {"name": "Leonardo da Vinci International Airport"},
    "OSL": {"name": "Oslo Gardermoen Airport"},
}
EDITS = 15


def plan(device: str) -> list[PlannedEdit]:
    """The edits of a device."""
    return plan_edits(seed=1, device=device, count=EDITS, airports=list(AIRPORTS))


async def edit(replica: Replica, device: DeviceProcess) -> None:
    """Let a device make its edits."""
    ledger = Ledger.open(device.ledger)
    await Editor(replica, ledger).make(plan(device.name), on_made=lambda: None)
    ledger.close()


async def insert(replica: Replica, device: DeviceProcess) -> None:
    """Let a device import airports and the shared text."""
    ledger = Ledger.open(device.ledger)
    places = [Place("airports", code) for code in AIRPORTS]
    await ledger.before("d1#import-0", imported=[SHARED_TEXT, *places])
    texts = replica.collection(SHARED_TEXT.collection)
    await texts.insert({TEXT_FIELD: Text(HEADING)}, id=SHARED_TEXT.id)
    for code, fields in AIRPORTS.items():
        await replica.collection("airports").insert(fields, id=code)
    await ledger.after("d1#import-0")
    ledger.close()


async def play(folder: Path, children: Children) -> list[Played]:
    """Two devices that share, import, edit and converge, without processes; how they came out of it."""
    devices = [DeviceProcess(children, name, folder / name) for name in ("d1", "d2")]
    for device in devices:
        device.replica.parent.mkdir()
    first, second = devices
    async with (
        running_relay(folder / "relay") as relay,
        Replica.open(first.replica, keystore=first.keystore) as replica,
        Replica.open(second.replica, keystore=second.keystore) as other,
    ):
        space = await replica.share(relay.address)
        await insert(replica, first)
        await synced(space)
        joined = await other.join(await space.invite())
        await synced(joined)
        await edit(replica, first)
        await edit(other, second)
        digest = await converged(space, joined)
    report = {
        "digest": digest,
        "closed_writers": [],
        "set_aside": 0,
        "half_visible": [],
        "transactions_watched": sum(one.is_transaction for device in devices for one in plan(device.name)),
    }
    return [Played(device=device, converged_ms=7, report=report) for device in devices]


async def judge(folder: Path, children: Children, played: list[Played]) -> Judgement:
    """The judgement, in words nobody listens to."""
    one = Judge(children=children, folder=folder, airports=AIRPORTS, note=lambda _line: None)
    return await one.judge(played, RelayProcess(children, "relay", folder / "relay"))


async def test_an_honest_end_has_nothing_amiss(tmp_path: Path) -> None:
    """Nothing is lost, differs or is readable at the relay; in the control the search finds all of it."""
    async with Children(tmp_path) as children:
        played = await play(tmp_path, children)
        found = await judge(tmp_path, children, played)
    assert (found.losses, found.differences, found.found.hits) == ([], [], 0)
    assert found.expected <= found.control.needles
    assert found.found.searched_bytes > 0
    assert b"Leonardo da Vinci International Airport" in found.control.needles
    assert [(row.device, row.documents, row.converged_ms) for row in found.devices] == [
        ("d1", 3, 7),
        ("d2", 3, 7),
    ]
    for row in found.devices:
        assert (row.edits_made, row.edits_acknowledged) == (EDITS, EDITS)
        assert row.digest == row.fresh_digest == played[0].report["digest"]


async def test_whatever_is_wrong_is_found(tmp_path: Path) -> None:
    """Troubles of a device, a lost edit, a replica that shows something else, and a name at the relay."""
    async with Children(tmp_path) as children:
        first, second = await play(tmp_path, children)
        ledger = Ledger.open(first.device.ledger)
        write = LedgerWrite(
            place=SHARED_TEXT, field=TEXT_FIELD, kind=WriteKind.TEXT, value="«d1#99» never made\n"
        )
        await ledger.before("d1#99", writes=[write])
        await ledger.after("d1#99")
        ledger.close()
        opening = Replica.open(second.device.replica, keystore=second.device.keystore, sync=False)
        async with opening as replica:
            await replica.collection("airports").update("OSL", name="Gardermoen «d2#98»")
            await replica.collection("airports").update("FCO", planted=Counter(1))
        (tmp_path / "relay" / "forgotten.log").write_text("a client asked for Oslo Gardermoen Airport")
        trouble = {
            "half_visible": ["d1#6 shows elsewhere, but not in airports/OSL"],
            "closed_writers": ["writer 7 was closed"],
            "set_aside": 2,
            "transactions_watched": 0,
        }
        played = [first, replace(second, report={**second.report, **trouble})]
        found = await judge(tmp_path, children, played)
    transactions = sum(one.is_transaction for name in ("d1", "d2") for one in plan(name))
    assert found.losses[:4] == [
        "d2: d1#6 shows elsewhere, but not in airports/OSL",
        "d2: writer 7 was closed",
        "d2: 2 transactions could not be sent and were set aside",
        f"d2: watchers saw 0 of {transactions} transactions",
    ]
    assert [loss.partition(":")[0] for loss in found.losses if "d1#99" in loss] == ["d1", "d2"]
    assert [loss for loss in found.losses if "d2#98" in loss and loss.startswith("d2: ")]
    assert found.differences == [
        "d2 shows airports/FCO otherwise than d1",
        "d2 shows airports/OSL otherwise than d1",
    ]
    assert (found.found.hits, found.found.needles) == (1, {b"Oslo Gardermoen Airport"})
    assert found.devices[0].fresh_digest != found.devices[1].fresh_digest
