"""From a program's token to the version vector that it stands for today."""

from syncore.core.identifiers import Writer
from syncore.core.vectors import join
from syncore.replica.local_replica import LocalReplica
from syncore.replica.tokens import decode_token
from syncore.storage.pending_rows import PendingRows


async def seen_vector(replica: LocalReplica, space: int, token: str) -> dict[Writer, int]:
    """The version vector of a token, in today's names: commits that were re-keyed since are covered by both.

    Raises:
        InvalidToken: not a token of this space.
    """
    vector = decode_token(token, replica.spaces[space].id)
    return await replica.read(lambda sql: _current(PendingRows(sql, space), vector))


def _current(pending: PendingRows, vector: dict[Writer, int]) -> dict[Writer, int]:
    """Follow the renamed operations; those of a writer again only up to a higher number than before."""
    waiting = list(vector.items())
    followed: dict[Writer, int] = {}
    done: dict[Writer, int] = {}
    while waiting:
        writer, number = waiting.pop()
        if number <= followed.get(writer, 0):
            continue
        followed[writer] = number
        renamed = pending.renamed(writer)
        kept = min([number] + [old.number - 1 for old, _ in renamed])
        if kept > done.get(writer, 0):
            done[writer] = kept
        covered: dict[Writer, int] = {}
        for old, new in renamed:
            if old.number <= number:
                covered = join([covered, {new.writer: new.number}])
        waiting += covered.items()
    return {writer: number for writer, number in done.items() if number}
