"""Laws of undo: it brings back what was shown, redo is its inverse, and nobody else loses anything."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncore.core.errors import LocalError
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import Durability, SqlConnection
from syncore.documents.changes import UNSET, Counter, List, Text, add, increment, splice
from syncore.documents.operations import FieldKind
from syncore.replica.digesting import space_digest
from syncore.replica.undo_log import log_pending
from syncore.replica.undoing import can_undo
from syncore.replica.views import Document
from syncore.storage.document_rows import DocumentRows
from syncore.storage.pending_rows import PendingRows
from syncore.storage.undo_rows import Stack, UndoRows
from tests.property.test_replica_convergence import CHANGES, FIELDS, PLACES, VALUES, WORDS
from tests.replica.invariants import check_device
from tests.replica.world import Device, make_world

Place = tuple[str, str]
Shown = dict[Place, tuple[dict[str, object], dict[str, FieldKind]] | None]
STAR = "★"


async def shown(device: Device) -> Shown:
    """What every document of the stories shows."""
    found: Shown = {}
    for name, id_ in PLACES:
        document = await device.collection(name).find_one(id_)
        found[name, id_] = None if document is None else (dict(document), dict(document.kinds))
    return found


def rolled_back(sql: SqlConnection, look: Callable[[SqlConnection], bool]) -> bool:
    """What somebody finds who changes the file to find it; the file stays as it was."""
    sql.execute("SAVEPOINT look")
    try:
        return look(sql)
    finally:
        sql.execute("ROLLBACK TO look")
        sql.execute("RELEASE look")


async def take_back(device: Device, place: Place, stack: Stack) -> bool:
    """Undo or redo; whether anything was changed. With nobody else at work, nothing may be left alone."""
    name, id_ = place
    collection = device.collection(name)
    outcome = await (collection.undo(id_) if stack is Stack.UNDO else collection.redo(id_))
    assert not outcome.left_alone
    return not outcome.was_empty


# --- alone ---


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction: what to do with which documents."""

    writes: list[tuple[str, Place, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Back:
    """Some undos, or redos."""

    stack: Stack
    count: int
    which: int


@dataclass(frozen=True, slots=True)
class Restart:
    """The program ends and starts again, having exchanged or not."""

    is_sent: bool


ALONE = st.one_of(
    st.builds(
        Change,
        st.lists(
            st.tuples(
                st.sampled_from(["insert", "update", "update", "update", "delete"]),
                st.sampled_from(PLACES),
                st.dictionaries(st.sampled_from(FIELDS), CHANGES, min_size=1, max_size=3),
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    st.builds(Back, st.sampled_from(Stack), st.integers(1, 4), st.integers(0, 9)),
    st.builds(Restart, st.booleans()),
)


@dataclass
class Alone:
    """One replica, and what it has to show after each undo and redo."""

    device: Device
    done: list[tuple[list[Place], Shown]] = field(default_factory=list)
    undone: list[tuple[list[Place], Shown]] = field(default_factory=list)

    async def take(self, step: Change | Back | Restart) -> None:
        """One step, and what it shows is what it must."""
        match step:
            case Change():
                await self._change(step)
            case Back():
                for _ in range(step.count):
                    await self._back(step)
            case Restart():
                if step.is_sent:
                    await self.device.exchange()
                await self.device.reopen()
        await check_device(self.device)

    async def _change(self, step: Change) -> None:
        before = await shown(self.device)
        async with self.device.transaction() as transaction:
            for verb, place, changes in step.writes:
                with contextlib.suppress(LocalError):
                    match verb:
                        case "insert":
                            await transaction.insert(place[0], changes, id=place[1])
                        case "update":
                            await transaction.update(place, changes)
                        case _:
                            await transaction.delete(place)
        after = await shown(self.device)
        places = [place for place in transaction.documents if await self._is_logged(place)]
        assert all(place in places for place in PLACES if before[place] != after[place])
        if places:
            self.done.append((places, before))
        self._end_redo(set(transaction.documents))

    def _end_redo(self, changed: set[Place]) -> None:
        """Documents were changed anew: what they were part of goes, and what was to follow it elsewhere."""
        for number in range(len(self.undone) - 1, -1, -1):
            places, _ = self.undone[number]
            if not changed.isdisjoint(places):
                changed |= set(places)
                del self.undone[number]

    async def _is_logged(self, place: Place) -> bool:
        """Whether the undo log holds the last transaction for a document: it changed it."""

        def look(sql: SqlConnection) -> bool:
            document = DocumentRows(sql, self.device.number).row_of(DocumentKey(*place))
            newest = PendingRows(sql, self.device.number).newest()
            if document is None or newest is None:
                return False
            log_pending(sql, self.device.number)  # in a copy of the moment: nothing is kept of it
            top = UndoRows(sql).newest(Stack.UNDO, document)
            return top is not None and top.dot == newest.dot

        return await self.device.local.database.write(lambda sql: rolled_back(sql, look), Durability.NORMAL)

    async def _back(self, step: Back) -> None:
        stack, other = (self.done, self.undone) if step.stack is Stack.UNDO else (self.undone, self.done)
        if not stack:
            return
        places, before = stack.pop()
        now = await shown(self.device)
        assert await take_back(self.device, places[step.which % len(places)], step.stack)
        assert await shown(self.device) == {**now, **{place: before[place] for place in places}}
        other.append((places, now))


async def _alone(folder: Path, steps: Sequence[Change | Back | Restart]) -> None:
    _, (device,) = make_world(folder, "alone", 1)
    await device.open()
    await device.exchange()
    try:
        story = Alone(device)
        for step in steps:
            await story.take(step)
        for stack, places in ((Stack.UNDO, story.done), (Stack.REDO, story.undone)):
            for name, id_ in {place for one, _ in places for place in one}:
                assert await can_undo(device.local, device.number, DocumentKey(name, id_), stack=stack)
        while story.done:
            await story.take(Back(Stack.UNDO, 1, 0))
        assert set((await shown(device)).values()) == {None}
    finally:
        await device.close()


def run(tell: Callable[[Path], Coroutine[object, object, None]]) -> None:
    """Tell a story in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(tell(Path(folder)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ALONE, min_size=4, max_size=24))
def test_undo_and_redo_are_inverse_to_what_was_done(steps: Sequence[Change | Back | Restart]) -> None:
    """Alone, undo shows what was shown before, redo what was shown after, to the very start."""
    run(lambda folder: _alone(folder, steps))


# --- with others ---

BASE: Mapping[str, object] = {
    "register": "r",
    "counter": Counter(5),
    "text": Text("ab🎈cd"),
    "list": List([1, 2, 3, 4]),
    "set": {"x", 1},
}
TEXTS_OF_MINE = st.text(alphabet="ab 🎈é", max_size=4)
PLACES_IN_BASE = st.integers(0, 4)
MINE: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "register": VALUES | st.just(UNSET),
        "counter": st.builds(increment, st.integers(-9, 9)) | st.just(UNSET) | st.just((UNSET, 7)),
        "text": st.one_of(
            st.builds(splice, PLACES_IN_BASE, st.integers(0, 1), TEXTS_OF_MINE),
            st.builds(Text, TEXTS_OF_MINE),
            st.just(UNSET),
            st.just((UNSET, List(["other"]))),
        ),
        "list": st.one_of(
            st.builds(splice, st.integers(0, 3), st.integers(0, 1), st.lists(VALUES, max_size=2)),
            st.builds(List, st.lists(VALUES, max_size=3)),
            st.just(UNSET),
        ),
        "set": st.sampled_from([UNSET, {"mine"}, {"x", "y"}, set()]),
        "fresh": VALUES | st.builds(Text, WORDS) | st.builds(Counter, st.integers(1, 3)),
    },
).filter(bool)
THEIRS: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {
        "register": st.just(STAR),
        "counter": st.builds(increment, st.integers(1, 3)),
        "text": st.builds(splice, PLACES_IN_BASE, st.just(0), st.just(STAR)),
        "list": st.builds(splice, PLACES_IN_BASE, st.just(0), st.just([STAR])),
        "set": st.sampled_from([add(STAR), add("x"), add("y"), add("mine", STAR)]),
    }
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """I change a document twice or so, somebody else does once, and I take back mine."""

    mine: list[Mapping[str, object]]
    theirs: Mapping[str, object]


async def _meet(folder: Path, meeting: Meeting) -> None:
    _, (me, other) = make_world(folder, "meeting", 2)
    await me.open()
    await other.open()
    try:
        await me.collection("notes").insert(BASE, id="a")
        for device in (me, other):
            await device.exchange()
        for changes in meeting.mine:
            with contextlib.suppress(LocalError):  # of another kind by now
                await me.collection("notes").update("a", changes)
        theirs = await other.collection("notes").update("a", meeting.theirs)
        for device in (other, me, other):
            await device.exchange()
        both = await me.collection("notes").get("a")
        # What somebody else wrote or added too, or made another kind of field, stands in the way of mine.
        kinds = {name for changes in meeting.mine for name in changes if isinstance(changes[name], tuple)}
        contested = {"register", "set", *kinds, *both.conflicts}
        assert await _undo_mine(me, theirs) <= contested
        await me.reopen()
        left = {"register"} | await _redo_mine(me)
        assert left <= contested
        again = await me.collection("notes").get("a")
        assert {name: again.get(name) for name in {*again, *both} - left} == {
            name: both.get(name) for name in {*again, *both} - left
        }
        for device in (me, other):
            await device.exchange()
            await check_device(device)
        assert await space_digest(me.local, me.number) == await space_digest(other.local, other.number)
    finally:
        await me.close()
        await other.close()


async def _undo_mine(me: Device, theirs: Document) -> set[str]:
    """Undo all that I did since the document was made, so that what is left is what the other one did."""
    notes = me.collection("notes")
    left: set[str] = set()
    while True:
        outcome = await notes.undo("a")
        if [one.field for one in outcome.left_alone] == [None]:
            break  # the making of the document
        left |= {one.field or "" for one in outcome.left_alone}
        now = await notes.get("a")
        assert str(now["text"]).count(STAR) == 1
        assert STAR in str(now["list"])
        assert STAR in [sibling.value for sibling in await notes.siblings("a", "register")]
    now = await notes.get("a")
    fields = {"counter", "text", "list", "set"} - left
    assert {name: now[name] for name in fields} == {name: theirs[name] for name in fields}
    assert "fresh" not in now
    return left


async def _redo_mine(me: Device) -> set[str]:
    left: set[str] = set()
    while outcome := await me.collection("notes").redo("a"):
        left |= {one.field or "" for one in outcome.left_alone}
    return left


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(Meeting, st.lists(MINE, min_size=1, max_size=3), THEIRS))
def test_undo_leaves_what_others_did(meeting: Meeting) -> None:
    """What others did meanwhile stands after undo and redo; all mine undone, only theirs shows."""
    run(lambda folder: _meet(folder, meeting))
