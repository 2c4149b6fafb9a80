"""A relay in this process, over real websockets: what members do with it."""

from pathlib import Path

import pytest

from syncore.core.errors import IntegrityError, Locked, StorageError
from syncore.protocol.client_events import ItemsReceived, OwnUpload, SpaceOpened
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.segments import Segment
from tests.relay.device import TestSpace, connected, key, running_relay

OWNER = key("owner")


async def test_what_one_member_appends_the_next_connection_reads(tmp_path: Path) -> None:
    """A space is created, segments are acknowledged by stubs, and another connection reads them whole."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            items = await device.create(space)
            assert [item.offset for item in items.items] == [1, 2]
            segments = [space.segment() for _ in range(3)]
            events = await device.append(*segments)
            own = [item for event in events if isinstance(event, ItemsReceived) for item in event.items]
            assert [item.content for item in own] == [OwnUpload(hash=segment.hash) for segment in segments]
            assert all(event.receipt for event in events if isinstance(event, ItemsReceived))
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=None)
            opened = await device.expect(SpaceOpened)
            assert opened.head.offset == 5
            items = await device.expect(ItemsReceived)
            assert [item.content for item in items.items[2:]] == segments


async def test_a_reader_at_the_head_gets_what_another_connection_appends(tmp_path: Path) -> None:
    """The uploader gets a stub, every other reader the segment, under one receipt."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as writer, connected(relay.address, OWNER) as reader:
            created = await writer.create(space)
            reader.session.open_space(space.id, cursor=created.cursor)
            opened = await reader.expect(SpaceOpened)
            assert opened.is_caught_up
            segment = space.segment(filling=b"x" * 100_000)
            (acknowledged,) = await writer.append(segment)
            received = await reader.expect(ItemsReceived)
            assert received.items[0].content == segment
            assert isinstance(acknowledged, ItemsReceived)
            assert received.receipt == acknowledged.receipt
            assert received.cursor == acknowledged.cursor


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    """Key, generation, items, acceptances and cursors survive, and writing goes on where it stopped."""
    async with running_relay(tmp_path) as relay:
        public_key = relay.public_key
        space = TestSpace(OWNER, public_key)
        async with connected(relay.address, OWNER) as device:
            created = await device.create(space)
            first = space.segment()
            (acknowledged,) = await device.append(first)
            assert isinstance(acknowledged, ItemsReceived)
    async with running_relay(tmp_path) as relay:
        assert relay.public_key == public_key
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=created.cursor)
            opened = await device.expect(SpaceOpened)
            assert opened.outcome is OpenOutcome.RESUMED
            assert opened.head == acknowledged.cursor
            received = await device.expect(ItemsReceived)
            assert [item.content for item in received.items] == [first]
            (again,) = await device.append(space.segment())
            assert isinstance(again, ItemsReceived)
            assert again.cursor.offset == 4


async def test_a_long_log_is_read_in_batches_without_gap(tmp_path: Path) -> None:
    """More than one frame holds is read from the start, in order, and then the reader is at the head."""
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        segments: list[Segment] = []
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
            for size_bytes in (60_000, 200_000, 10, 300_000, 10, 10):
                segments.append(space.segment(filling=b"x" * size_bytes))
                await device.append(segments[-1])
        async with connected(relay.address, OWNER) as device:
            device.session.open_space(space.id, cursor=None)
            await device.expect(SpaceOpened)
            frames: list[ItemsReceived] = []
            while sum(len(frame.items) for frame in frames) < 8:
                frames.append(await device.expect(ItemsReceived))
            contents = [item.content for frame in frames for item in frame.items]
            assert contents[2:] == segments
            assert [len(frame.items) for frame in frames] == [5, 1, 2]
            assert all(frame.receipt for frame in frames)
            assert frames[-1].is_caught_up


async def test_a_store_belongs_to_one_relay(tmp_path: Path) -> None:
    """A second relay on the same folder is refused while the first one runs."""
    async with running_relay(tmp_path):
        with pytest.raises(Locked):
            async with running_relay(tmp_path):
                pass
    async with running_relay(tmp_path):
        pass


async def test_a_damaged_or_missing_key_stops_the_start(tmp_path: Path) -> None:
    """A relay never starts with another key than the one that its spaces name."""
    async with running_relay(tmp_path):
        pass
    path = tmp_path / "relay.key"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(IntegrityError):
        async with running_relay(tmp_path):
            pass
    path.unlink()
    with pytest.raises(StorageError, match="not its key"):
        async with running_relay(tmp_path):
            pass


async def test_the_same_record_offered_again_has_the_same_acceptance(tmp_path: Path) -> None:
    """A relay gives one acceptance for a record, for ever: also after a restart."""
    invitation = key("invitation")
    async with running_relay(tmp_path) as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
            invite = space.invite(invitation)
            accepted = await device.offer(space, invite)
    async with running_relay(tmp_path) as relay, connected(relay.address, OWNER) as device:
        device.session.open_space(space.id, cursor=None)
        await device.expect(SpaceOpened)
        items = await device.expect(ItemsReceived)
        assert items.items[2].content == accepted
        device.session.append_record(invite)
        stored = await device.next_event()
        assert getattr(stored, "offset", None) == 3
        assert isinstance(accepted, AcceptedRecord)
        assert accepted.acceptance is not None
        assert accepted.acceptance.offset == 3
