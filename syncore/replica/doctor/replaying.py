"""Playing the held log of a space again, from its first record on, into an empty database.

The code is that of merging: signatures, chains, roles and contents are judged anew. What comes of it is what
the file must hold as confirmed; where it does not, it is what the file is mended with.
"""

from collections.abc import Callable, Iterator, Mapping

from syncore.codec.packing import pack
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import DeviceIndex, Incarnation, SpaceId, Writer, device_index, make_writer
from syncore.core.ports import Entropy, SqlConnection
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.client_events import ItemsReceived, ReceivedItem
from syncore.protocol.control_records import GENERATION_BYTES, AcceptedRecord
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.protocol.receipts import Cursor, extend_log, start_of_log
from syncore.protocol.segments import Segment, decode_segment
from syncore.replica.constraint_building import complete
from syncore.replica.document_work import DocumentWork
from syncore.replica.merging import Merge
from syncore.replica.reprojecting import reproject_ruled
from syncore.replica.space_keys import SpaceCipher, SpaceKeys, SpacePresenceCipher
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState, load_space
from syncore.storage.log_rows import LogRows
from syncore.storage.schema import prepare
from syncore.storage.space_rows import SpaceRow, SpaceRows

_GENERATION = bytes(GENERATION_BYTES)
_BATCH = 16
_MEMORY_DOCUMENTS = 512


class _NoEntropy:
    """Nothing is drawn where nothing is sealed."""

    def random_bytes(self, size_bytes: int) -> bytes:
        raise AssertionError(size_bytes)


def replay(
    source: SqlConnection,
    target: SqlConnection,
    row: SpaceRow,
    content_keys: Mapping[int, ContentKey],
    *,
    progress: Callable[[int, int], None],
) -> SpaceState:
    """Play the control log and all segments of a space again; the space as it came to be in ``target``.

    Args:
        source: The file under examination.
        target: An empty database, inside a transaction.
        row: The space in ``source``.
        content_keys: Its content keys by epoch.
        progress: Told how many records and segments are in, and of how many.

    Raises:
        SyncoreError: something in the log does not read, or does not fit.
    """
    prepare(target)
    writer = _unused(row, source)
    SpaceRows(target).write(SpaceRow(space=row.space, id=row.id, is_default=True, writer=writer))
    state = load_space(target, SpaceRows(target).all()[0])
    entropy: Entropy = _NoEntropy()
    keys = SpaceKeys(
        cipher=SpaceCipher(content_keys, entropy),
        presence=SpacePresenceCipher(content_keys, entropy),
        signer=SigningKey(bytes(32)),  # nothing is signed
        verify=verify,
    )
    memory = SpaceMemory(_MEMORY_DOCUMENTS)
    log = LogRows(source, row.space)
    total = len(log.control()) + log.last_position()
    running, offset = start_of_log(row.id, _GENERATION), 0
    for batch in _batches(source, row.space):
        items = tuple(
            ReceivedItem(offset=offset + place, hash=hash_, content=content, request_id=None)
            for place, (hash_, content) in enumerate(batch, start=1)
        )
        for item in items:
            running = extend_log(running, item.offset, item.hash)
        offset += len(items)
        _merge(target, state, memory, keys, _received(row.id, items, offset, running))
        progress(offset, total)
    return state


def _merge(
    sql: SqlConnection, state: SpaceState, memory: SpaceMemory, keys: SpaceKeys, batch: ItemsReceived
) -> None:
    work = DocumentWork(sql, state, memory, state.resolution_context())
    Merge(sql=sql, state=state, work=work, keys=keys, now_ms=0).run(batch)
    work.flush()
    if work.ruled:
        reproject_ruled(work)
        complete(work)
    work.trim()


def _received(space: SpaceId, items: tuple[ReceivedItem, ...], offset: int, running: bytes) -> ItemsReceived:
    cursor = Cursor(generation=_GENERATION, offset=offset, running_hash=running)
    return ItemsReceived(space=space, items=items, cursor=cursor, receipt=None, is_caught_up=False)


def _batches(source: SqlConnection, space: int) -> Iterator[list[tuple[bytes, AcceptedRecord | Segment]]]:
    log = LogRows(source, space)
    for data in log.control():
        item = decode_item(data)
        assert isinstance(item, ControlItem)
        record = read_accepted(item)
        yield [(record.link, record)]
    after = 0
    while page := log.segments(after=after, limit=_BATCH):
        segments = [decode_segment(data) for _, data in page]
        yield [(segment.hash, segment) for segment in segments]
        after = page[-1][0]


def _unused(row: SpaceRow, source: SqlConnection) -> Writer:
    """A number of our device that nobody has written under, so that no segment is taken for our own."""
    found = source.rows("SELECT DISTINCT writer FROM segments WHERE space = ?", (row.space,))
    taken = {one[0] for one in found} | {row.writer}
    for attempt in range(len(taken) + 1):
        drawn = hash_parts("rebase", pack([row.writer, attempt]), b"doctor")
        incarnation = Incarnation(int.from_bytes(drawn[:4], "big"))
        writer = make_writer(DeviceIndex(device_index(row.writer)), incarnation)
        if writer not in taken:
            return writer
    raise AssertionError("more numbers are taken than there are")
