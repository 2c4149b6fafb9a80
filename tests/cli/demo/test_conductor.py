"""The story of the demo, played small: everybody dies who is meant to, and all come to the same end."""

import asyncio
import re
from itertools import islice
from pathlib import Path

import pytest

from syncore.cli.demo.airports import load_airports
from syncore.cli.demo.children import Children
from syncore.cli.demo.conductor import Conductor, Plan, Played
from syncore.cli.demo.failures import first_failure
from syncore.cli.demo.ledger import LedgerEdit, read_ledger
from syncore.core.errors import SyncoreError

pytest.importorskip("airportsdata")

PLAN = Plan(seed=1, devices=2, edits=20, limit=12)
STORY = [
    r"the relay and 2 devices are running, ws://127\.0\.0\.1:\d+",
    "d1 shares its space and imports 12 airports",
    "d2 join with an invitation code",
    "all devices edit: 20 edits and transactions each",
    r"the relay was killed \(SIGKILL\); the devices go on",
    r"d2 was killed in the middle of its writing \(SIGKILL\), and is started again",
    "the relay is back",
    r"all devices have converged [\d,]+ ms after the relay's return",
]


def edits_of(played: Played) -> list[LedgerEdit]:
    """The edits in a device's ledger, without its import."""
    return [edit for edit in read_ledger(played.device.ledger) if edit.writes]


async def test_the_story_is_played_to_its_end(tmp_path: Path) -> None:
    """All of it is told, in an order that can be; both devices made every edit, agree, and have ended."""
    told: list[str] = []
    async with Children(tmp_path) as children:
        conductor = Conductor(
            PLAN, children=children, folder=tmp_path, airports=load_airports(12), note=told.append
        )
        played = await conductor.play()
        with pytest.raises(SyncoreError, match="d2 has ended with status 0"):
            await played[1].device.ask("report", seconds=20)
        host, _, port = conductor.relay.address.removeprefix("ws://").partition(":")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, int(port))
    found = [next(n for n, line in enumerate(STORY) if re.fullmatch(line, one)) for one in told]
    assert sorted(found) == list(range(len(STORY)))
    assert [n for n in found if n not in {4, 5}] == [0, 1, 2, 3, 6, 7]  # which of the two dies first is open
    assert {found.index(4), found.index(5)} == {4, 5}
    assert [one.device.name for one in played] == ["d1", "d2"]
    assert len({one.report["digest"] for one in played}) == 1
    for one in played:
        planned = {f"{one.device.name}#{number}" for number in range(1, PLAN.edits + 1)}
        assert {edit.id for edit in edits_of(one)} == planned
        assert one.converged_ms >= 0
        assert one.device.made == PLAN.edits
    assert all(edit.is_acknowledged for edit in edits_of(played[0]))


async def test_a_device_that_fails_ends_the_story(tmp_path: Path) -> None:
    """Nobody waits for what cannot come any more; the failure is that of the device that could not go on."""
    airports = dict(islice(load_airports(20).items(), 12, None))  # others than those that are imported
    async with Children(tmp_path) as children:
        conductor = Conductor(
            PLAN, children=children, folder=tmp_path, airports=airports, note=lambda _line: None
        )
        with pytest.raises(BaseExceptionGroup) as caught:
            await conductor.play()
    failure = caught.value.subgroup(SyncoreError)
    assert failure is not None
    assert re.match(r"d\d: DocumentNotFound", first_failure(failure).message)
