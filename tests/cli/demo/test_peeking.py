"""What the demo sees below the public API: values that lost, log offsets, closed writers; and all as JSON."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from syncore import Counter, Replica
from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles
from syncore.cli.demo.peeking import closed_writers, log_offset, look, to_json
from syncore.cli.demo.scenario import Json, Place
from syncore.core.identifiers import DeviceIndex, Incarnation, make_writer
from syncore.crypto.keys import DeviceKeys
from syncore.documents.projection import FieldValue
from syncore.protocol.segments import Segment, SegmentHeader, encode_header, hash_dependencies, segment_hash
from syncore.replica.keystore import Keystore
from tests.sync.memory_relay import ADDRESS, MemoryRelay, relay_in_memory, replica_at
from tests.sync.waiting import synced, until

ROME, OSLO, NOWHERE = Place("airports", "FCO"), Place("airports", "OSL"), Place("airports", "???")


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """A private replica with two documents."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", sync=False) as replica:
        airports = replica.collection("airports")
        await airports.insert({"name": "Rome", "lat": Decimal("41.8"), "visits": Counter(1)}, id="FCO")
        await airports.insert({"name": "Oslo"}, id="OSL")
        yield replica


async def test_all_siblings_are_seen(replica: Replica) -> None:
    """Every value of every register is there, also those that lost, under the token that a read gives."""
    airports = replica.collection("airports")
    read = await airports.get(ROME.id)
    await airports.update(ROME.id, name="Roma", seen=read.token)
    shown = await airports.update(ROME.id, name="Rom", seen=read.token)
    assert shown.conflicts == ("name",)
    sights = await look(replica, [ROME, OSLO, NOWHERE])
    assert list(sights) == [ROME, OSLO, NOWHERE]
    assert sights[ROME].token == shown.token
    assert {name: sorted(map(str, values)) for name, values in sights[ROME].siblings.items()} == {
        "name": ["Rom", "Roma"],
        "lat": ["{'Decimal': '41.8'}"],
    }
    assert sights[OSLO].siblings == {"name": ["Oslo"]}
    assert sights[NOWHERE].siblings == {}
    settled = await airports.update(ROME.id, name="Roma", seen=sights[ROME].token)
    assert settled.conflicts == ()


async def test_a_private_space_has_no_log(replica: Replica) -> None:
    """Before it is shared a space has nothing of a relay's log, and no writer in it is closed."""
    assert (log_offset(replica), closed_writers(replica)) == (0, [])


def nonsense_by(keys: DeviceKeys, relay: MemoryRelay) -> Segment:
    """A segment of the second device's, signed rightly, that nobody can open."""
    control = relay.log.control
    header = SegmentHeader(
        space=relay.log.space,
        writer=make_writer(DeviceIndex(1), Incarnation(5)),
        first=1,
        count=1,
        prev=relay.log.space,
        control_seq=control.head_seq,
        control_hash=control.head_link,
        epoch=1,
        dependencies=(),
        dependencies_hash=hash_dependencies([]),
    )
    header_bytes, body = encode_header(header), bytes(400)
    digest = segment_hash(header_bytes, body)
    signature = keys.signing.sign("segment", digest)
    return Segment(header=header, header_bytes=header_bytes, body=body, signature=signature, hash=digest)


def keys_in(folder: Path) -> DeviceKeys:
    """The device keys of the only replica of a keystore folder."""
    (only,) = folder.iterdir()
    keys = Keystore(FileKeyFiles(only), SystemEntropy()).device()
    assert keys is not None
    return keys


async def test_the_log_and_its_closed_writers_are_seen(tmp_path: Path) -> None:
    """The offset is how much of the log is in; a writer who broke a rule is named, with the reason."""
    async with (
        relay_in_memory() as relay,
        replica_at(relay, tmp_path, "a") as owner,
        replica_at(relay, tmp_path, "b") as guest,
    ):
        space = await owner.share(ADDRESS)
        joined = await guest.join(await space.invite())
        await synced(space, joined)
        assert log_offset(owner) == log_offset(guest) == len(relay.log.items) == 4
        relay.log.take_segment(nonsense_by(keys_in(tmp_path / "keys-b"), relay))
        relay.wake()
        await until(lambda: log_offset(owner) == 5)
        (closed,) = closed_writers(owner)
        assert closed.startswith(f"writer {make_writer(DeviceIndex(1), Incarnation(5))} was closed")
        assert closed.partition("behind commit 0: ")[2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("text", "text"),
        (frozenset({"b", "a"}), ["a", "b"]),
        ([1, [Decimal(2)]], [1, [{"Decimal": "2"}]]),
        ({"a": b"x"}, {"a": {"bytes": "b'x'"}}),
        (Decimal("1.50"), {"Decimal": "1.50"}),
        (date(2026, 1, 31), {"date": "2026-01-31"}),
        (datetime(2026, 1, 31, tzinfo=UTC), {"datetime": "2026-01-31 00:00:00+00:00"}),
        (UUID(int=1), {"UUID": "00000000-0000-0000-0000-000000000001"}),
    ],
)
def test_values_of_every_kind_have_a_form_in_json(value: FieldValue, shown: Json) -> None:
    """What JSON has is itself; the rest is named by its type, so that no two values look alike."""
    assert to_json(value) == shown
    assert type(to_json(value)) is type(shown)
