"""A device as the conductor sees it: one device in all of its lives, whose traffic adds up."""

import asyncio
from pathlib import Path

import pytest

from syncore.cli.demo.airports import load_airports
from syncore.cli.demo.children import Children
from syncore.cli.demo.device_process import DeviceProcess, Traffic
from syncore.cli.demo.ledger import read_ledger
from syncore.core.errors import SyncoreError
from tests.relay.device import running_relay

pytest.importorskip("airportsdata")

PATIENCE_S = 30


async def test_a_device_goes_on_after_its_death(tmp_path: Path) -> None:
    """Killed and started on its files it has lost nothing; the traffic of both lives adds up."""
    codes = list(load_airports(5))
    edits = {"seed": 1, "count": 20, "airports": codes}
    async with running_relay(tmp_path / "relay") as relay, Children(tmp_path) as children:
        device = DeviceProcess(children, "d1", tmp_path / "d1")
        assert (device.made, device.traffic) == (0, Traffic())
        assert await device.start() == {"returned": False}
        await device.ask("share", seconds=PATIENCE_S, relay=relay.address)
        assert await device.ask("import", seconds=PATIENCE_S, limit=5) == {"documents": 6}
        await device.ask("sync", seconds=PATIENCE_S)
        _, answer = await asyncio.gather(device.has_made(20), device.ask("edit", seconds=PATIENCE_S, **edits))
        assert (answer, device.made) == ({"made": 20}, 20)
        assert all(edit.is_acknowledged for edit in read_ledger(device.ledger))
        first = device.traffic
        assert 0 not in {first.sent, first.received}
        await device.kill()
        with pytest.raises(SyncoreError, match="d1 has ended with status -9"):
            await device.ask("sync", seconds=PATIENCE_S)
        await device.start()
        assert device.traffic == first
        assert await device.ask("edit", seconds=PATIENCE_S, **edits) == {"made": 20}
        await device.ask("sync", seconds=PATIENCE_S)
        report = await device.ask("report", seconds=PATIENCE_S)
        assert device.traffic == Traffic(first.sent + report["sent"], first.received + report["received"])
        assert report["sent"] > 0
        await device.stop()
    assert device.replica.exists()


async def test_a_device_that_fails_is_named(tmp_path: Path) -> None:
    """What a device cannot do is an error with its name and its words; so is what takes too long."""
    async with Children(tmp_path) as children:
        device = DeviceProcess(children, "d7", tmp_path / "d7")
        await device.start()
        with pytest.raises(SyncoreError, match=r"d7: sync: not done within 0 seconds"):
            await device.ask("sync", seconds=0)
        await device.kill()
        await device.start()
        with pytest.raises(SyncoreError, match=r"d7: Misused: 'nowhere://' is no relay's address"):
            await device.ask("share", seconds=PATIENCE_S, relay="nowhere://")
