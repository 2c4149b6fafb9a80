"""Notes for the terminal, which sync live between two windows.

python examples/notes.py one.db --share ws://127.0.0.1:8787    in the first window; prints an invitation
python examples/notes.py two.db --join CODE                    in the second one
python examples/notes.py one.db                                ever after, with a network or without

What two windows type into one note at the same time is merged, letter by letter.
"""

import argparse
import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from syncore import Model, ModelCollection, Replica, Space, SyncoreError, Text, field

HELP = "add TEXT | edit NUMBER TEXT | delete NUMBER | undo NUMBER | quit"


class Note(Model, collection="notes"):
    """One note; its number on the screen is its place in the list."""

    made: datetime
    text: Text = field(default_factory=Text)


class Window:
    """What is on the screen, and what can be done with it."""

    def __init__(self, notes: ModelCollection[Note]) -> None:
        """A window onto a collection, with nothing on it yet."""
        self.notes = notes
        self.shown: list[Note] = []

    async def show(self) -> None:
        """Show the notes now, and whenever they change, here or on another device."""
        async for notes in self.notes.find(order_by="made").live():
            self.shown = notes
            print(f"--- {len(notes)} notes")
            for number, note in enumerate(notes, start=1):
                print(f"{number:3}  {note.text.text}")

    async def obey(self, line: str) -> None:
        """Carry out one line that somebody typed.

        Raises:
            ValueError: it is no command, or there is no such note.
            SyncoreError: syncore refuses it, and says why.
        """
        command, _, rest = line.strip().partition(" ")
        if command == "add" and rest:
            await self.notes.insert(Note(made=datetime.now(UTC), text=Text(rest)))
            return
        number, _, text = rest.partition(" ")
        note = self._note(number)
        if command == "edit" and text:
            await self.notes.update(note, text=Text(text))  # writes what differs, so that others' edits stay
        elif command == "delete":
            await self.notes.delete(note)
        elif command == "undo":
            outcome = await self.notes.undo(note)
            print("undone" if outcome else "this window has changed nothing there that can be undone")
        else:
            raise ValueError(HELP)

    def _note(self, number: str) -> Note:
        if not number.isdecimal() or not 1 <= int(number) <= len(self.shown):
            raise ValueError(HELP)
        return self.shown[int(number) - 1]


async def tell_status(space: Space) -> None:
    """Say when the network comes and goes. Notes can be written all the time."""
    told = None
    async for status in space.statuses():
        if status.state is not told:
            told = status.state
            print(f"({told.value}{f': {status.reason}' if status.reason else ''})")


async def typed_lines() -> AsyncIterator[str]:
    """What is typed, line by line, until the end of input."""
    if not (sys.stdin.isatty() or stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)):
        for line in sys.stdin:  # a file, which can be read at once and not be waited for
            yield line
        return
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while typed := await reader.readline():
        yield typed.decode(errors="replace")


async def meet(replica: Replica, options: argparse.Namespace) -> None:
    """Share the notes, or join those of somebody else, if that is asked for."""
    if options.share:
        space = await replica.share(options.share)
        print("invitation:", await space.invite(role="writer"))
    elif options.join:
        await (await replica.join(options.join)).synced()


async def main(options: argparse.Namespace) -> None:
    """Show and obey until the end of input."""
    async with Replica.open(options.file) as replica:
        await meet(replica, options)
        window = Window(replica.collection(Note))
        print(HELP)
        background = [asyncio.create_task(window.show()), asyncio.create_task(tell_status(replica.space))]
        async for line in typed_lines():
            if line.strip() == "quit":
                break
            try:
                await window.obey(line)
            except (ValueError, SyncoreError) as error:
                print(error)
        for task in background:
            task.cancel()
        await asyncio.wait(background)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="the notes; made if there are none")
    parser.add_argument("--share", metavar="RELAY", help="share them at a relay")
    parser.add_argument("--join", metavar="CODE", help="join the notes of an invitation")
    try:
        asyncio.run(main(parser.parse_args()))
    except KeyboardInterrupt:
        pass
    except SyncoreError as error:
        sys.exit(f"notes: {error}")
