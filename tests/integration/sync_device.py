"""A device process of the sync tests: opens a replica, makes numbered edits, syncs, and says what it did.

``python -m tests.integration.sync_device PATH KEYSTORE NAME COUNT [CODE]`` joins with the code if there is
one, makes ``COUNT`` edits behind those that it finds in its file, prints ``edit N`` for each that was
acknowledged by the file, and ``synced`` when the relay has everything; then it ends when its standard input
does.
"""

import asyncio
import sys

from syncore import Counter, Replica, Text, increment, splice
from syncore.core.errors import DocumentNotFound

NOTES = "notes"
BOARD = "board"


def tell(*words: object) -> None:
    """Print a line for whoever started this."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def make_board(replica: Replica) -> None:
    """The document that everybody edits."""
    await replica.collection(NOTES).insert({"votes": Counter(0), "text": Text("")}, id=BOARD)


async def edit(replica: Replica, mark: str) -> None:
    """One edit: a document of its own, a vote and a mark in the text, together."""
    async with replica.transaction() as transaction:
        await transaction.insert(NOTES, {"mark": mark}, id=mark)
        await transaction.update((NOTES, BOARD), votes=increment(1), text=splice(0, 0, f"<{mark}>"))


async def marks(replica: Replica) -> list[str]:
    """The marks of all edits that are here, by their documents."""
    found = [document.id async for document in replica.collection(NOTES).find()]
    return sorted(mark for mark in found if mark != BOARD)


async def check(replica: Replica) -> list[str]:
    """The marks, once in each place: documents, votes and text."""
    found = await marks(replica)
    board = await replica.collection(NOTES).get(BOARD)
    text = board["text"]
    assert isinstance(text, str)
    in_text = sorted(text.removeprefix("<").removesuffix(">").split("><")) if text else []
    assert in_text == found, (in_text, found)
    assert board["votes"] == len(found)
    return found


async def _main(path: str, keystore: str, name: str, count: int, code: str) -> None:
    async with Replica.open(path, keystore=keystore) as replica:
        if code and replica.space.is_private:
            await replica.join(code)
        tell("open", replica.has_returned_in_time)
        while True:
            try:
                await replica.collection(NOTES).get(BOARD)
                break
            except DocumentNotFound:
                await replica.space.synced()
                await asyncio.sleep(0.01)
        done = sum(mark.startswith(name) for mark in await marks(replica))
        for number in range(done, done + count):
            await edit(replica, f"{name}{number}")
            tell("edit", f"{name}{number}")
            await asyncio.sleep(0.001)
        await replica.space.synced()
        tell("synced")
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), "".join(sys.argv[5:])))
