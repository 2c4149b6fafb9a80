"""What other members' segments tell about the relay and about us, and what it takes to be believed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.values import encode_value
from syncore.core.errors import ConnectionFailed, WriterRejected
from syncore.core.identifiers import DeviceIndex, Incarnation, SpaceId, make_writer
from syncore.core.ports import Durability
from syncore.crypto.signing import SigningKey, verify
from syncore.documents.operations import SetField
from syncore.protocol.receipts import Receipt, encode_receipt, sign_receipt
from syncore.protocol.segments import ClosedWriter
from syncore.replica.log_path import LogPath
from syncore.replica.testimony import Testimony, judge_receipt
from syncore.storage.finding_rows import FindingKind
from syncore.storage.running_rows import RunningRows
from syncore.sync.status import SyncState
from tests.replica.hostile import Forger, record_entry
from tests.replica.world import Device, ListRelay, make_world

EARLIER = b"generation there"


@dataclass
class World:
    """A device, and another member who passes on what it likes."""

    relay: ListRelay
    device: Device
    forger: Forger

    def receipt(self, offset: int, *, signer: SigningKey | None = None, **changes: object) -> bytes:
        """The relay's receipt at an offset, with fields changed at will."""
        at = self.relay.cursor_at(min(offset, len(self.relay.items)))
        receipt = Receipt(
            space=self.relay.space,
            generation=at.generation,
            offset=offset,
            running_hash=at.running_hash,
            control_seq=0,
            control_hash=bytes(32),
            time_ms=1,
        )
        changed = replace(receipt, **changes)  # type: ignore[arg-type]  # fields of a receipt
        return encode_receipt(sign_receipt(changed, signer=signer or self.relay.signer))

    async def hear(self, receipt: bytes | None) -> None:
        """Let the device merge a segment with that receipt."""
        self.forger.receipt = receipt
        number = len(self.forger.made)
        entry = record_entry(SetField(field=f"f{number}", value=encode_value(1)))
        self.relay.append_unjudged(self.forger.seal([entry]))
        await self.device.pull()

    @property
    def findings(self) -> set[FindingKind]:
        """What the device found out."""
        return set(self.device.state.findings)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A space with a log of a few items."""
    relay, devices = make_world(tmp_path, "testimony", 2)
    device, member = devices
    await device.open()
    await device.collection("notes").insert({"n": 1}, id="a")
    await device.exchange()
    yield World(relay, device, Forger(relay, member, make_writer(DeviceIndex(1), Incarnation(1))))
    await device.close()


async def test_receipts_that_fit_say_nothing(world: World) -> None:
    """Receipts over any offset of the log that is shown here change nothing."""
    for offset in range(len(world.relay.items) + 1):
        await world.hear(world.receipt(offset))
    assert world.findings == set()
    assert world.device.sync.progress.contradictions == 0


@pytest.mark.parametrize("offset", [1, 3, 5])
async def test_a_receipt_over_another_log_is_kept_and_asked_about(world: World, offset: int) -> None:
    """The segment is merged all the same; the receipt is kept, to be shown to the relay."""
    receipt = world.receipt(offset, running_hash=b"?" * 32)
    with pytest.raises(ConnectionFailed, match="another log to device 1"):
        await world.hear(receipt)
    assert world.device.state.vector[world.forger.writer] == 1
    assert world.device.state.row.log_offset == len(world.relay.items)
    await world.device.reopen()
    assert world.device.state.findings[FindingKind.DISPUTE].shown == receipt


@pytest.mark.parametrize("beyond", [1, 2, 1_000])
async def test_a_receipt_cannot_cover_its_own_segment(world: World, beyond: int) -> None:
    """A receipt that covers the place of the segment it comes in is of another log, whatever its hash."""
    offset = len(world.relay.items) + beyond
    with pytest.raises(ConnectionFailed):
        await world.hear(world.receipt(offset))
    assert world.findings == {FindingKind.DISPUTE}


@pytest.mark.parametrize(
    "change",
    [
        {"signer": SigningKey(bytes(32))},
        {"space": SpaceId(bytes(32))},
        {"generation": b"unknown too us.."},
    ],
)
async def test_what_the_relay_did_not_sign_here_proves_nothing(
    world: World, change: dict[str, object]
) -> None:
    """A stranger's signature, another space, a generation that was never seen: nothing, about nobody."""
    await world.hear(world.receipt(3, **{"running_hash": b"?" * 32, **change}))  # type: ignore[arg-type]
    assert world.findings == set()
    assert not world.device.state.closed


@pytest.mark.parametrize("junk", [b"", b"x" * 196, b"short", bytes(512)])
async def test_junk_in_place_of_a_receipt_closes_nobody(world: World, junk: bytes) -> None:
    """What is no receipt says nothing about validity, as the format has it."""
    await world.hear(junk)
    assert world.findings == set()
    assert not world.device.state.closed


async def test_an_earlier_generation_is_only_counted(world: World) -> None:
    """The relay's loss has been told of by then; receipts of the log before it are compared and counted."""
    number = world.device.number

    def keep(sql: object) -> None:
        RunningRows(sql, number).add(EARLIER, 1, [b"1" * 32, b"2" * 32])  # type: ignore[arg-type]

    await world.device.local.database.write(keep, Durability.NORMAL)
    await world.hear(world.receipt(2, generation=EARLIER, running_hash=b"2" * 32))
    await world.hear(world.receipt(9, generation=EARLIER, running_hash=b"9" * 32))
    assert world.device.sync.progress.contradictions == 0
    await world.hear(world.receipt(2, generation=EARLIER, running_hash=b"?" * 32))
    assert world.findings == set()
    assert world.device.sync.progress.contradictions == 1


class _Path:
    """A log of which nothing is known."""

    generation = bytes(16)

    def at(self, _generation: bytes, _offset: int) -> bytes | None:
        return None


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    """Whatever stands in the place of a receipt is judged, not raised about."""
    path = cast("LogPath", _Path())
    space = SpaceId(bytes(32))
    said = judge_receipt(data, space=space, offset=1, path=path, relay_key=bytes(32), verify=verify)
    assert said is Testimony.NOTHING


# --- reports ----------------------------------------------------------------------------------------------


async def test_a_writer_that_others_closed_stops(world: World) -> None:
    """Who is told that others found a segment of its own invalid says what they found and seals nothing more,
    after a restart too.
    """
    own = world.relay.segments[-1]
    world.forger.closed = (
        ClosedWriter(writer=own.header.writer, number=0, hash=own.hash, reason="a wrong shape"),
    )
    with pytest.raises(WriterRejected, match=r"device 1 found .* behind commit 0 invalid.*a wrong shape"):
        await world.hear(None)
    await world.device.collection("notes").update("a", n=2)
    await world.device.reopen()
    assert world.device.sync.progress.state is SyncState.STOPPED
    assert isinstance(world.device.sync.progress.failure, WriterRejected)
    await world.device.sync.push()
    assert (len(world.device.state.sealed), world.device.state.pending_count) == (0, 1)


async def test_reports_about_others_are_theirs(world: World) -> None:
    """A report about another writer, or about a segment that this device never made, changes nothing."""
    own = world.relay.segments[-1]
    elsewhere = make_writer(DeviceIndex(7), Incarnation(1))
    world.forger.closed = (
        ClosedWriter(writer=elsewhere, number=0, hash=own.hash, reason="not ours"),
        ClosedWriter(writer=own.header.writer, number=0, hash=b"?" * 32, reason="not what we wrote"),
        ClosedWriter(
            writer=own.header.writer, number=own.header.last, hash=own.hash, reason="not behind there"
        ),
    )
    await world.hear(None)
    assert world.findings == set()
