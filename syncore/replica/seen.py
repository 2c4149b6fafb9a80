"""From a program's token to the version vector that it stands for today."""

from functools import partial

from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.core.vectors import Vector, join
from syncore.documents.projection_encoding import decode_projection
from syncore.replica.local_replica import LocalReplica
from syncore.replica.tokens import decode_token
from syncore.storage.document_rows import DocumentRows
from syncore.storage.pending_rows import PendingRows


async def seen_vector(replica: LocalReplica, space: int, key: DocumentKey, token: str) -> dict[Writer, int]:
    """The version vector of a document's token, in today's names: commits may have been re-keyed since.

    Raises:
        InvalidToken: not a token of this space.
    """
    vector = decode_token(token, replica.spaces[space].id)
    return await replica.read(partial(_current, space=space, key=key, read=vector))


def _current(sql: SqlConnection, *, space: int, key: DocumentKey, read: Vector) -> dict[Writer, int]:
    """Each name as it was meant: of one's own commit before it was re-keyed, or of whose it is now."""
    pending = PendingRows(sql, space)
    renamed = {}
    for writer, number in read.items():
        names = _new_names(pending, Dot(writer, number))
        if names:
            renamed[writer] = names
    if not renamed:
        return dict(read)
    packed = DocumentRows(sql, space).projection(key)
    present = {} if packed is None else decode_projection(packed).vector
    return join(
        _followed(pending, writer, number)
        if writer in renamed and _was_own(renamed[writer], read, present)
        else {writer: number}
        for writer, number in read.items()
    )


def _was_own(names: list[Dot], read: Vector, present: Vector) -> bool:
    """Whether a token names a commit of this file's own from before it got these names.

    A copy of the file goes on under the same numbers, and whoever is first at the relay keeps them: the name
    may as well be of what the other wrote. Then the token was read later: it has a new name beside the old
    one, or the document never had what got the new one.
    """
    last = names[-1]
    return present.get(last.writer, 0) >= last.number and not any(name.writer in read for name in names)


def _new_names(pending: PendingRows, dot: Dot) -> list[Dot]:
    """The names that an operation was given after this one; each once."""
    names = [dot]
    while (name := dict(pending.renamed(names[-1].writer)).get(names[-1])) is not None and name not in names:
        names.append(name)
    return names[1:]


def _followed(pending: PendingRows, writer: Writer, number: int) -> dict[Writer, int]:
    """What the new names of a commit and of those before it cover.

    The names of a writer are followed again only up to a higher number than before.
    """
    waiting = [(writer, number)]
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
