"""Sealing: which commits go into which segment, and what the segments say they build on."""

from pathlib import Path

from syncore.core.identifiers import device_index
from syncore.core.limits import MAX_COMMITS_PER_SEGMENT
from syncore.crypto.signing import verify
from syncore.protocol.segments import Segment, open_segment, verify_segment
from syncore.replica.sealing import MAX_SEALED_SEGMENTS, seal_pending, sealed_count, sealed_segment
from tests.replica.world import Device, make_world


async def seal(device: Device) -> list[Segment]:
    """Seal what is pending; the new segments."""
    keys = device.sync_keys
    rows = await device.local.change(
        device.number,
        lambda sql, state, work: seal_pending(sql=sql, state=state, work=work, keys=keys),
        is_local=True,
    )
    return [sealed_segment(row) for row in rows]


async def test_pending_commits_become_a_chain_of_segments(tmp_path: Path) -> None:
    """Every commit is in one segment, in order, chained, signed and counted; nothing is sealed twice."""
    relay, (device,) = make_world(tmp_path, "sealing", 1)
    await device.open()
    await device.pull()
    count = MAX_COMMITS_PER_SEGMENT + 44
    for number in range(count):
        await device.collection("notes").insert({"n": number})
    segments = await seal(device)
    assert [segment.header.count for segment in segments] == [MAX_COMMITS_PER_SEGMENT, 44]
    assert [segment.header.first for segment in segments] == [1, MAX_COMMITS_PER_SEGMENT + 1]
    assert [segment.header.prev for segment in segments] == [relay.space, segments[0].hash]
    for segment in segments:
        verify_segment(segment, public_key=device.keys.signing.public, verify=verify)
        plain = open_segment(segment, cipher=device.sync_keys.cipher)
        assert len(plain.commits) == segment.header.count
    assert await device.local.read(sealed_count) == 2
    assert await seal(device) == []
    await device.close()


async def test_segments_name_what_is_new_of_others(tmp_path: Path) -> None:
    """The first segment names every other head that is in; the next one only those that have moved since."""
    _, (one, two) = make_world(tmp_path, "dependencies", 2)
    await one.open()
    await two.open()
    await two.exchange()
    await two.collection("notes").insert({"n": 1})
    await two.exchange()
    await one.pull()
    await one.collection("notes").insert({"n": 2})
    (first,) = await seal(one)
    assert [(device_index(writer), number) for writer, number in first.header.dependencies] == [(1, 1)]
    await one.collection("notes").insert({"n": 3})
    (second,) = await seal(one)
    assert second.header.dependencies == ()
    await one.close()
    await two.close()


async def test_only_so_many_segments_are_under_way(tmp_path: Path) -> None:
    """Beyond the bound commits wait unsealed, and go out once the relay has acknowledged some."""
    _, (device,) = make_world(tmp_path, "bound", 1)
    await device.open()
    await device.pull()
    for _ in range(MAX_SEALED_SEGMENTS + 3):
        await device.collection("notes").insert({"blob": bytes(70_000)})
    assert len(await seal(device)) == MAX_SEALED_SEGMENTS
    assert await seal(device) == []
    await device.exchange()
    assert device.local.spaces[device.number].pending_count == 0
    await device.close()
