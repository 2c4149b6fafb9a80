"""What people write: the documents of every world, and the edits that are drawn for it.

Owns names and how an edit is made through the public API. What is written occurs nowhere else: texts are of
characters that are used once, so that each can be counted.
"""

import random
from collections.abc import Callable, Sequence

from simulations.holding import Held, Place, look
from simulations.ledger import Edit, Kind, Ledger
from syncore.core.errors import DocumentNotFound
from syncore.core.ports import Durability
from syncore.documents.changes import Counter, List, Text, add, increment, remove, rewrite
from syncore.engine.replica import Replica

NOTES = 6
"""Documents that everybody writes to: few, so that people disagree."""
NOTE_FIELDS = ("title", "status", "body")
TALLY: Place = ("tallies", "tally")
COUNTERS = ("visits", "votes")
TAGS: Place = ("tags", "tags")
TEXT: Place = ("texts", "text")
LISTING: Place = ("listings", "list")
LEFT: Place = ("pairs", "left")
RIGHT: Place = ("pairs", "right")
JOURNALS = "journals"

PLAINTEXT = "never-to-be-read-by-a-relay"
"""Stands in every value that people write, for whoever looks for it where it must not be."""

SHARED_PLACES: tuple[Place, ...] = (
    *(("notes", f"n{number}") for number in range(NOTES)),
    *(TALLY, TAGS, TEXT, LISTING, LEFT, RIGHT),
)

_WEIGHTS = {
    Kind.SET: 30,
    Kind.DELETE: 2,
    Kind.COUNT: 10,
    Kind.ADD: 8,
    Kind.REMOVE: 4,
    Kind.WRITE: 14,
    Kind.CUT: 5,
    Kind.INSERT: 7,
    Kind.DROP: 3,
    Kind.PAIR: 8,
    Kind.JOURNAL: 9,
}


async def make_documents(replica: Replica) -> None:
    """The documents that are there when people begin."""
    for number in range(NOTES):
        await replica.collection("notes").insert({}, id=f"n{number}")
    await replica.collection(TALLY[0]).insert({name: Counter() for name in COUNTERS}, id=TALLY[1])
    await replica.collection(TAGS[0]).insert({"tags": {PLAINTEXT}}, id=TAGS[1])
    await replica.collection(TEXT[0]).insert({"text": Text("")}, id=TEXT[1])
    await replica.collection(LISTING[0]).insert({"items": List([])}, id=LISTING[1])
    for collection, id_ in (LEFT, RIGHT):
        await replica.collection(collection).insert({}, id=id_)


class Writer:
    """Makes edits on one device, as they are drawn."""

    def __init__(self, author: str, ledger: Ledger, draw: random.Random) -> None:
        """Write as ``author``."""
        self._author = author
        self._ledger = ledger
        self._draw = draw
        self._old: dict[Place, Held] = {}

    async def edit(self, replica: Replica, is_alive: Callable[[], bool]) -> Edit:
        """Make one edit; it is acknowledged in the ledger if the device still lives when the call returns.

        Raises:
            SyncoreError: as the call raised it; the edit stays unconfirmed.
        """
        kind = self._draw.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]
        durability = Durability.FULL if self._draw.random() < 0.15 else Durability.NORMAL
        before = self._ledger.acknowledged
        edit = await self._make(kind, replica, durability)
        if is_alive():
            self._ledger.acknowledge(edit)
            if durability is Durability.FULL:
                self._ledger.note_durable(self._author, before)
                edit.is_durable = True
        return edit

    async def _make(self, kind: Kind, replica: Replica, durability: Durability) -> Edit:
        match kind:
            case Kind.SET | Kind.DELETE:
                return await self._write_note(kind, replica, durability)
            case Kind.COUNT:
                amount, field = self._draw.randint(1, 9), self._draw.choice(COUNTERS)
                edit = self._begin(kind, TALLY, field=field, amount=amount)
                await replica.collection(TALLY[0]).update(
                    TALLY[1], {field: increment(amount)}, durability=durability
                )
            case Kind.ADD:
                edit = self._begin(kind, TAGS, field="tags", value=self._fresh())
                await replica.collection(TAGS[0]).update(
                    TAGS[1], {"tags": add(edit.value)}, durability=durability
                )
            case Kind.REMOVE:
                return await self._remove_tag(replica, durability)
            case Kind.WRITE | Kind.CUT:
                return await self._write_text(kind, replica, durability)
            case Kind.INSERT | Kind.DROP:
                return await self._write_list(kind, replica, durability)
            case Kind.PAIR:
                edit = self._begin(kind, LEFT, value=self._fresh())
                async with replica.transaction(durability=durability) as transaction:
                    await transaction.update(LEFT, {edit.value: 1})
                    await transaction.update(RIGHT, {edit.value: 1})
            case _:
                return await self._write_journal(replica, durability)
        return edit

    def forget(self) -> None:
        """Close all forms: the file was set back, and what they showed is no part of its history now."""
        self._old.clear()

    async def _write_note(self, kind: Kind, replica: Replica, durability: Durability) -> Edit:
        place = ("notes", f"n{self._draw.randrange(NOTES)}")
        seen = (await look(replica, [place]))[place]
        old = self._old.get(place)
        if old is not None and old.is_live and seen.is_live and self._draw.random() < 0.1:
            seen = old  # somebody who left a form open for a while
        self._old[place] = seen
        notes = replica.collection("notes")
        if kind is Kind.DELETE and seen.is_live:
            edit = self._begin(kind, place, saw=seen.all_siblings)
            await notes.delete(place[1], seen=seen.token)
            return edit
        field = self._draw.choice(NOTE_FIELDS)
        value = self._fresh()
        if not seen.is_live:
            edit = self._begin(Kind.SET, place, field=field, value=value, saw=seen.all_siblings)
            await notes.insert({field: value}, id=place[1], durability=durability)
            return edit
        saw = seen.siblings.get(field, frozenset())
        edit = self._begin(Kind.SET, place, field=field, value=value, saw=saw)
        await notes.update(place[1], {field: value}, seen=seen.token, durability=durability)
        return edit

    async def _remove_tag(self, replica: Replica, durability: Durability) -> Edit:
        document = await replica.collection(TAGS[0]).get(TAGS[1])
        elements = document["tags"]
        assert isinstance(elements, frozenset)
        if not elements:
            raise DocumentNotFound("there is no tag to remove")
        element = sorted(map(str, elements))[self._draw.randrange(len(elements))]
        edit = self._begin(Kind.REMOVE, TAGS, field="tags", saw=[element])
        await replica.collection(TAGS[0]).update(TAGS[1], {"tags": remove(element)}, durability=durability)
        return edit

    async def _write_text(self, kind: Kind, replica: Replica, durability: Durability) -> Edit:
        place = self._draw.random()
        if kind is Kind.WRITE:
            edit = self._begin(
                kind, TEXT, field="text", value=self._ledger.take_characters(self._draw.randint(1, 6))
            )
            change = rewrite(lambda text: _inserted(str(text), place, edit.value))
        else:
            document = await replica.collection(TEXT[0]).get(TEXT[1])
            text = str(document["text"])
            start = int(place * len(text))
            cut = text[start : start + self._draw.randint(1, 8)]
            edit = self._begin(kind, TEXT, field="text", saw=[*cut])
            change = rewrite(lambda text: "".join(one for one in str(text) if one not in edit.saw))
        await replica.collection(TEXT[0]).update(TEXT[1], {"text": change}, durability=durability)
        return edit

    async def _write_list(self, kind: Kind, replica: Replica, durability: Durability) -> Edit:
        place = self._draw.random()
        if kind is Kind.INSERT:
            edit = self._begin(kind, LISTING, field="items", value=self._fresh())
            change = rewrite(lambda items: _inserted(items, place, [edit.value]))
        else:
            document = await replica.collection(LISTING[0]).get(LISTING[1])
            items = document["items"]
            assert isinstance(items, list)
            dropped = [str(items[int(place * len(items))])] if items else []
            edit = self._begin(kind, LISTING, field="items", saw=dropped)
            change = rewrite(lambda items: [item for item in items if item not in edit.saw])
        await replica.collection(LISTING[0]).update(LISTING[1], {"items": change}, durability=durability)
        return edit

    async def _write_journal(self, replica: Replica, durability: Durability) -> Edit:
        """Note how far this device has come, and how far it sees the others."""
        journals = replica.collection(JOURNALS)
        saw = {
            document.id: document["n"] async for document in journals.find() if document.id != self._author
        }
        number = len(self._ledger.edits)
        edit = self._begin(Kind.JOURNAL, (JOURNALS, self._author), field="n", value=str(number))
        edit.saw = frozenset(await self._older_entries(replica))
        fields = {"n": number, "saw": saw}
        if await journals.find_one(self._author) is None:
            await journals.insert(fields, id=self._author, durability=durability)
        else:
            await journals.update(self._author, fields, durability=durability)
        return edit

    async def _older_entries(self, replica: Replica) -> frozenset[str]:
        place = (JOURNALS, self._author)
        return (await look(replica, [place]))[place].siblings.get("n", frozenset())

    def _begin(self, kind: Kind, place: Place, **columns: object) -> Edit:
        return self._ledger.begin(self._author, kind, place, **columns)  # type: ignore[arg-type]

    def _fresh(self) -> str:
        return f"{PLAINTEXT}-{self._author}-{len(self._ledger.edits)}"


def _inserted(content: Sequence[object] | str, place: float, new: Sequence[object] | str) -> object:
    at = int(place * (len(content) + 1))
    if isinstance(content, str):
        return f"{content[:at]}{new}{content[at:]}"
    return [*content[:at], *new, *content[at:]]
