"""Digests of whole spaces, computed from stored states alone, never from projections or earlier digests."""

from syncore.core.hashing import hash_parts
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_memory import SpaceMemory
from syncore.storage.document_rows import DocumentRows

_PAGE = 256


async def space_digest(replica: LocalReplica, number: int) -> bytes:
    """32 bytes that are equal on two replicas exactly when their spaces hold the same.

    Covers every document that was ever written, deleted ones too, as it is visible: with pending commits.
    """
    parts: list[tuple[DocumentKey, bytes]] = []
    after = 0
    while True:
        page = await replica.read(lambda sql, start=after: _digest_page(replica, sql, number, start))  # type: ignore[misc]
        if not page:
            break
        parts += [(key, digest) for _, key, digest in page]
        after = page[-1][0]
    encoded = (
        hash_parts("place", key.collection.encode(), key.id.encode(), key.edition.to_bytes(4, "big"), digest)
        for key, digest in sorted(parts)
    )
    return hash_parts("space", *encoded)


def _digest_page(
    replica: LocalReplica, sql: SqlConnection, number: int, after: int
) -> list[tuple[int, DocumentKey, bytes]]:
    """Row number, key and digest of the next documents, loaded afresh: nothing cached can hide a fault."""
    state = replica.spaces[number]
    work = DocumentWork(sql, state, SpaceMemory(_PAGE), state.resolution_context())
    rows = DocumentRows(sql, number).keys(after=after, limit=_PAGE)
    return [(row, key, work.hold(key).visible.digest()) for row, key in rows]
