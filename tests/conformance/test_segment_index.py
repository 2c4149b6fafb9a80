"""What every SegmentIndex says of one log: the replica's over its file, and the relay's in memory."""

from pathlib import Path

from syncore.core.identifiers import Writer
from syncore.core.ports import SqlConnection
from syncore.protocol.ports import SegmentIndex
from syncore.protocol.segments import Segment
from syncore.replica.segment_index import ConfirmedSegments
from syncore.storage.log_rows import LogRows
from tests.replica.world import make_world


async def test_heads_and_hashes_are_those_of_the_log(tmp_path: Path) -> None:
    """Heads are the last segments of their writers; hashes stand where segments end, and nowhere else."""
    relay, devices = make_world(tmp_path, "index", 2)
    for device in devices:
        await device.open()
    for round_ in range(3):
        for device in devices:
            for number in range(round_ + 2):
                await device.collection("notes").insert({"n": number})
            await device.exchange()
    await devices[0].exchange()
    segments = [content for _, content in relay.items if isinstance(content, Segment)]
    assert len(segments) == 6

    def check(index: SegmentIndex) -> None:
        for segment in segments:
            header = segment.header
            assert index.hash_at(header.writer, header.last) == segment.hash
            if header.count > 1:
                assert index.hash_at(header.writer, header.first) is None
            last = max(other.header.last for other in segments if other.header.writer == header.writer)
            head = index.head(header.writer)
            assert head is not None
            assert head.number == last
            assert head.hash == index.hash_at(header.writer, last)
        assert index.head(Writer(12345)) is None
        assert index.hash_at(Writer(12345), 1) is None

    state = devices[0].local.spaces[devices[0].number]

    def look(sql: SqlConnection) -> None:
        check(ConfirmedSegments(state, LogRows(sql, state.number)))

    check(relay)
    await devices[0].local.read(look)
    for device in devices:
        await device.close()
