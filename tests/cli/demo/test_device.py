"""A device of the demo: what it answers to each request, and how the conversation begins and ends."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from syncore import Replica
from syncore.cli.demo.device import Device, main, say
from syncore.cli.demo.ledger import Ledger, read_ledger
from syncore.cli.demo.scenario import HEADING, SHARED_TEXT
from syncore.core.errors import SyncoreError
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Opened, Refusal
from syncore.protocol.refusal_codes import RefusalCode
from tests.sync.memory_relay import ADDRESS, MemoryRelay, message_of, relay_in_memory, replica_at
from tests.sync.waiting import PATIENCE_S

pytest.importorskip("airportsdata")


@pytest.fixture
async def relay() -> AsyncIterator[MemoryRelay]:
    """A relay in memory."""
    async with relay_in_memory() as relay:
        yield relay


@asynccontextmanager
async def running(relay: MemoryRelay, folder: Path, name: str) -> AsyncIterator[tuple[Replica, Device]]:
    """A device in this process, and its replica."""
    ledger = Ledger.open(folder / f"{name}.ledger")
    async with replica_at(relay, folder, name) as replica:
        device = Device(replica, ledger, name)
        yield replica, device
        await device.close()
    ledger.close()


async def ask(device: Device, do: str, **details: object) -> dict[str, object]:
    """Tell a device to do something."""
    return await device.answer({"do": do, **details})


async def airports(device: Device, replica: Replica, count: int) -> list[str]:
    """Let a device import airports; their codes."""
    assert await ask(device, "import", limit=count) == {"documents": count + 1}
    return [document.id async for document in replica.collection("airports").find()]


async def test_an_import_is_in_the_ledger_before_anything_else(relay: MemoryRelay, tmp_path: Path) -> None:
    """Airports and the shared text are there, and each is in an acknowledged row of the ledger."""
    async with running(relay, tmp_path, "d1") as (replica, device):
        codes = await airports(device, replica, 250)
        assert len(codes) == 250
        text = await replica.collection(SHARED_TEXT.collection).get(SHARED_TEXT.id)
        assert text["body"] == HEADING
    found = read_ledger(tmp_path / "d1.ledger")
    assert [edit.id for edit in found] == ["d1#text", "d1#import-0", "d1#import-200"]
    assert all(edit.is_acknowledged for edit in found)
    imported = [place for edit in found for place in edit.imported]
    assert sorted(place.id for place in imported) == sorted([SHARED_TEXT.id, *codes])


async def test_edits_are_made_once_and_counted(
    relay: MemoryRelay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every ten edits are told; asked again, a device makes what its ledger lacks and no more."""
    async with running(relay, tmp_path, "d1") as (replica, device):
        codes = await airports(device, replica, 20)
        for count in (25, 25, 32):
            assert await ask(device, "edit", seed=3, count=count, airports=codes) == {"made": count}
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [{"made": made, "sent": 0, "received": 0} for made in (10, 20, 30)]
    edits = [edit for edit in read_ledger(tmp_path / "d1.ledger") if edit.writes]
    assert sorted(edit.id for edit in edits) == sorted(f"d1#{number}" for number in range(1, 33))


async def test_devices_share_join_edit_and_converge(relay: MemoryRelay, tmp_path: Path) -> None:
    """Asked in the story's order, two devices come to the same digest, with nothing amiss to report."""
    async with (
        running(relay, tmp_path, "d1") as (replica, first),
        running(relay, tmp_path, "d2") as (_, second),
    ):
        made = await ask(first, "share", relay=ADDRESS)
        codes = await airports(first, replica, 20)
        await ask(first, "sync")
        invitation = await ask(first, "invite", uses=1)
        assert await ask(second, "join", code=invitation["code"]) == made == {"space": replica.space.id}
        devices = (first, second)
        offsets = [(await ask(device, "sync"))["offset"] for device in devices]
        assert offsets == [len(relay.log.items)] * 2
        for device in devices:
            await ask(device, "edit", seed=3, count=30, airports=codes)
        pushed = [await ask(device, "sync") for device in devices]
        head = max(json.loads(json.dumps(answer["offset"])) for answer in pushed)
        for device in devices:
            assert (await ask(device, "reach", offset=head))["offset"] == len(relay.log.items)
        one, two = [await ask(device, "report") for device in devices]
        assert one["digest"] == two["digest"] == await replica.space.digest()
        assert one["transactions_watched"] == two["transactions_watched"] != 0
        for report in (one, two):
            assert (report["closed_writers"], report["set_aside"], report["half_visible"]) == ([], 0, [])
            assert report["sent"] != 0 != report["received"]


def refusing_to_open(frame: bytes) -> list[bytes]:
    """What a relay says that does not want a space any more."""
    message = message_of(frame)
    if not isinstance(message, Opened):
        return [frame]
    code = RefusalCode.NOT_PERMITTED
    refusal = Refusal(request_id=message.request_id, code=code, is_final=True, detail="no more")
    return [encode_message(refusal)]


async def test_what_can_never_be_reached_is_not_waited_for(relay: MemoryRelay, tmp_path: Path) -> None:
    """Where syncing has stopped, waiting for the relay's log ends with the reason."""
    async with running(relay, tmp_path, "d1") as (_, device):
        await ask(device, "share", relay=ADDRESS)
        relay.tamper = refusing_to_open
        await relay.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(SyncoreError, match="syncing has stopped: the relay refused: no more"):
                await ask(device, "reach", offset=99)


def test_one_line_is_said_at_a_time(capfd: pytest.CaptureFixture[str]) -> None:
    """A message is a line of JSON, whatever is in it, and has left the process when that returns."""
    say({"answer": {"text": "two\nlines\u2028«é»"}})
    line = capfd.readouterr().out
    assert line.count("\n") == len(line.splitlines()) == 1
    assert json.loads(line) == {"answer": {"text": "two\nlines\u2028«é»"}}


def converse(folder: Path, monkeypatch: pytest.MonkeyPatch, *requests: dict[str, object]) -> int:
    """Run the process's work with these requests and the end of input behind them; the exit status."""
    output, given = os.pipe()
    os.write(given, "".join(f"{json.dumps(request)}\n" for request in requests).encode())
    os.close(given)
    arguments = ["--name", "d1", "--replica", folder / "d1.db", "--keystore", folder / "keys"]
    with os.fdopen(output, "rb") as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        return main([*map(str, arguments), "--ledger", str(folder / "d1.ledger")])


def test_the_process_answers_line_by_line_until_its_input_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says first that it is there, then one answer a request; the end of its input is a good end."""
    requests = ({"do": "import", "limit": 3}, {"do": "edit", "seed": 1, "count": 0, "airports": []})
    assert converse(tmp_path, monkeypatch, *requests) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"answer": {"returned": False}},
        {"answer": {"documents": 4}},
        {"answer": {"made": 0}},
    ]


def test_a_process_that_cannot_do_it_says_why_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request that fails is answered with the error's name and words, and the process fails."""
    edit: dict[str, object] = {"do": "edit", "seed": 1, "count": 9, "airports": ["???"]}
    assert converse(tmp_path, monkeypatch, edit, {"do": "import", "limit": 3}) == 1
    _, said = map(json.loads, capsys.readouterr().out.splitlines())
    assert said["error"].startswith("DocumentNotFound: ")
