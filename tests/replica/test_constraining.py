"""Constraints on real replicas: what is refused here, what comes of a merge, and that the tables follow."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.core.errors import ConstraintViolated, DocumentNotFound, InvalidName, Misused
from syncore.core.identifiers import DocumentKey
from syncore.documents.changes import UNSET
from syncore.replica.conflicts import ConflictKind
from syncore.replica.digesting import space_digest
from syncore.replica.model import Model
from syncore.replica.model_collection import ModelCollection
from syncore.replica.model_fields import Ref, field
from syncore.replica.sharing import check_nothing_is_lost
from tests.replica.databases import open_private
from tests.replica.invariants import check_constraints, check_device
from tests.replica.world import Device, make_world


async def exchange_all(devices: list[Device], rounds: int = 3) -> None:
    """Let everybody have everything, and check every device."""
    for _ in range(rounds):
        for device in devices:
            await device.exchange()
            await check_device(device)


async def shown(device: Device, id_: str, field: str = "email", collection: str = "people") -> object:
    """What a device shows in a field; "gone" where it shows no such document."""
    found = await device.collection(collection).find_one(id_)
    return "gone" if found is None else found.get(field)


async def test_an_earlier_claim_takes_a_name_over(tmp_path: Path) -> None:
    """The loser keeps its document and its value, shows nothing, and has it back when the holder goes."""
    _, (first, second) = make_world(tmp_path, "take", 2)
    for device in (first, second):
        await device.open()
    people = first.collection("people")
    await people.configure(unique=["email"])
    await exchange_all([first, second])
    await people.insert({"email": "x", "n": 1}, id="early")
    second.clock.time_ms = first.clock.time_ms + 60_000
    await second.collection("people").insert({"email": "x", "n": 2}, id="late")
    await second.exchange()
    assert await shown(second, "late") == "x"
    await second.reopen()  # who loses the name is not in memory when the claim comes
    await exchange_all([first, second])
    for device in (first, second):
        assert await shown(device, "early") == "x"
        loser = await device.collection("people").get("late")
        assert dict(loser) == {"email": None, "n": 2}
        assert loser.conflicts == ("email",)
        (conflict,) = await device.inbox.conflicts(None, resolved=False)
        assert (conflict.id, conflict.field, conflict.kind) == ("late", "email", ConflictKind.UNIQUE)
        assert (conflict.holder, conflict.rule, conflict.value) == (("people", "early"), "unique email", None)
        assert [(one.value, one.device) for one in conflict.siblings] == [("x", 1)]
        with pytest.raises(ConstraintViolated):
            await conflict.choose(conflict.siblings[0])
    # A change of another field is not in the way, and takes no part in it.
    await first.collection("people").update("late", n=3)
    await first.collection("people").update("early", email="x", n=4)
    await exchange_all([first, second])
    assert await shown(second, "early") == "x"
    await first.collection("people").update("early", email="y")
    assert await shown(first, "late") == "x"
    await exchange_all([first, second])
    assert await shown(second, "late") == "x"
    assert len({await space_digest(one.local, one.number) for one in (first, second)}) == 1
    for device in (first, second):
        await device.reopen()
        await check_device(device)
        await device.close()


async def test_the_previous_holder_is_told(tmp_path: Path) -> None:
    """Whoever watches conflicts sees that a name was taken over, and that it was settled."""
    _, (first, second) = make_world(tmp_path, "told", 2)
    for device in (first, second):
        await device.open()
    await first.collection("people").configure(unique=["email"])
    await exchange_all([first, second])
    await first.collection("people").insert({"email": "x"}, id="early")  # and is away
    second.clock.time_ms = first.clock.time_ms + 60_000
    await second.collection("people").insert({"email": "x"}, id="late")
    await second.exchange()
    watched = second.inbox.watch(None)
    assert await anext(watched) == []
    await first.exchange()
    await second.exchange()
    (conflict,) = await anext(watched)
    assert (conflict.id, conflict.holder) == ("late", ("people", "early"))
    await conflict.set("y")
    assert await anext(watched) == []
    assert await shown(second, "late") == "y"
    await watched.aclose()
    for device in (first, second):
        await device.close()


async def test_what_references_show_is_listed_as_settled(tmp_path: Path) -> None:
    """A reference to what was deleted elsewhere, with whom it names; accepting writes what is shown."""
    _, (first, second) = make_world(tmp_path, "listed", 2)
    for device in (first, second):
        await device.open()
    await first.collection("books").configure(references={"author": "people", "owner": ("people", "cascade")})
    for name in ("ann", "bob"):
        await first.collection("people").insert({}, id=name)
    await exchange_all([first, second])
    for name in ("ann", "bob"):
        await first.collection("people").delete(name)
    await second.collection("books").insert({"author": "ann"}, id="a")
    await second.collection("books").insert({"owner": "bob"}, id="b")
    await exchange_all([first, second])
    assert await first.inbox.conflicts(None, resolved=False) == []
    nulled, gone = await first.inbox.conflicts("books", resolved=True)
    assert (nulled.id, nulled.field, nulled.holder) == ("a", "author", ("people", "ann"))
    assert (gone.id, gone.field, gone.rule, gone.is_open) == ("b", "owner", "cascade people", False)
    assert [one.value for one in nulled.siblings] == ["ann"]
    await nulled.accept()
    assert [one.id for one in await first.inbox.conflicts("books", resolved=True)] == ["b"]
    for device in (first, second):
        await device.close()


async def test_local_writes_that_take_a_value_are_refused(tmp_path: Path) -> None:
    """By insert, update, undo and settings of two fields; the error names field, value and holder."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        await people.configure(unique=["email", ("first", "last")])
        await people.insert({"email": "x", "first": "A", "last": "B"}, id="ann")
        with pytest.raises(ConstraintViolated, match="people/bob cannot have 'x' in 'email'") as caught:
            await people.insert({"email": "x"}, id="bob")
        error = caught.value
        assert (error.field, error.value, error.holder) == ("email", "x", ("people", "ann"))
        assert await people.find_one("bob") is None
        await people.insert({"email": "y", "first": "A", "last": "C"}, id="bob")
        with pytest.raises(ConstraintViolated, match="'B' in 'last' \\(with 'first'\\)"):
            await people.update("bob", last="B")
        async with replica.transaction() as transaction:  # a swap is none
            await transaction.update(await people.get("ann"), {"email": "y"})
            await transaction.update(await people.get("bob"), {"email": "x"})
        transaction = replica.transaction()
        await transaction.__aenter__()
        await transaction.insert("people", {"email": "z"})
        await transaction.insert("people", {"email": "z"})
        with pytest.raises(ConstraintViolated):
            await transaction.__aexit__(None, None, None)
        await people.insert({"email": None}, id="one")
        await people.insert({"email": None}, id="two")
        await people.delete("ann")
        await people.update("one", email="y")
        with pytest.raises(ConstraintViolated, match="people/one has it"):
            await people.undo("ann")
        assert await people.find_one("ann") is None
        await people.configure(unique=UNSET)
        await people.insert({"email": "x"}, id="again")
        await people.configure(unique=["email"])
        assert {one.id: one["email"] async for one in people.find() if one.id in ("bob", "again")} == {
            "bob": "x",
            "again": None,
        }
        with pytest.raises(ConstraintViolated):
            await people.update("again", email="x")
        await people.configure(unique=UNSET)
        assert (await people.get("again"))["email"] == "x"


async def test_who_comes_back_is_told_who_has_its_value(tmp_path: Path) -> None:
    """An undo that would take a value away names the document that has it, not one that lost it."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        for name in ("ann", "bob", "cid"):
            await people.insert({"email": "x"}, id=name)
        await people.configure(unique=["email"])
        await people.delete("ann")
        assert (await people.get("bob"))["email"] == "x"
        with pytest.raises(
            ConstraintViolated, match="people/ann cannot have 'x' in 'email': people/bob has it"
        ):
            await people.undo("ann")


async def test_who_comes_back_with_another_is_told_who_has_its_value(tmp_path: Path) -> None:
    """A document that was hidden and would take its value from somebody is named, not the one that has it."""
    async with open_private(tmp_path / "a.db") as replica:
        books, people = replica.collection("books"), replica.collection("people")
        await people.insert({}, id="ann")
        await books.configure(references={"author": ("people", "cascade")}, unique=["code"])
        await books.insert({"author": "ann", "code": 1}, id="old")
        await people.delete("ann")
        await books.insert({"code": 1}, id="new")
        with pytest.raises(
            ConstraintViolated, match="books/old cannot have the value in 'code': books/new has it"
        ):
            await people.undo("ann")


async def test_a_hidden_document_that_needs_another_is_told_with_what_hides_it(tmp_path: Path) -> None:
    """What prevents a deletion, and is not shown itself, is told with the way to get at it."""
    async with open_private(tmp_path / "a.db") as replica:
        books, people = replica.collection("books"), replica.collection("people")
        await books.configure(
            references={
                "author": ("people", "cascade"),
                "part": ("books", "cascade"),
                "by": ("people", "restore"),
            }
        )
        for name in ("ann", "dan"):
            await people.insert({}, id=name)
        await books.insert({"author": "ann"}, id="whole")
        await books.insert({"part": "whole", "by": "dan"}, id="part")
        await people.delete("ann")
        with pytest.raises(ConstraintViolated, match="is hidden as long as people/ann is deleted") as caught:
            await people.delete("dan")
        assert caught.value.hint.startswith("bring people/ann back; then delete books/part")
        await people.undo("ann")
        await books.delete("part")
        await people.delete("dan")


async def test_a_long_value_is_shortened_in_the_message(tmp_path: Path) -> None:
    """The message of a refusal stays readable; the error has the value as it is."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        await people.configure(unique=["email"])
        await people.insert({"email": "x" * 5000})
        with pytest.raises(ConstraintViolated) as caught:
            await people.insert({"email": "x" * 5000})
        assert len(caught.value.message) < 300
        assert caught.value.value == "x" * 5000


@pytest.mark.parametrize("unique", [5, "email", [5], [("a", 5)], [("a", "a")], [()]])
async def test_wrong_unique_fields_are_named(tmp_path: Path, unique: object) -> None:
    """What is no list of fields is refused by an error of this library, and nothing is set."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        with pytest.raises((Misused, InvalidName)):
            await people.configure(unique=unique)  # type: ignore[arg-type]
        assert (await people.settings()).unique == ()


@pytest.mark.parametrize(
    "references",
    ["people", [("a", "people")], {"a": 5}, {"a": ("people", "cascade", 1)}, {"a": ("people", 5)}],
)
async def test_wrong_references_are_named(tmp_path: Path, references: object) -> None:
    """What does not say which fields name documents of what is refused likewise."""
    async with open_private(tmp_path / "a.db") as replica:
        books = replica.collection("books")
        with pytest.raises(Misused):
            await books.configure(references=references)  # type: ignore[arg-type]
        assert (await books.settings()).references == {}


async def test_references_name_what_is_there(tmp_path: Path) -> None:
    """A reference to nothing is refused; deletion does what the rule of the reference says."""
    async with open_private(tmp_path / "a.db") as replica:
        books, people = replica.collection("books"), replica.collection("people")
        await books.configure(
            references={
                "author": ("people", "cascade"),
                "editor": ("people", "restore"),
                "readers": "people",
            }
        )
        with pytest.raises(ConstraintViolated, match="there is no people/ann") as caught:
            await books.insert({"author": "ann"}, id="b")
        assert (caught.value.field, caught.value.holder) == ("author", ("people", "ann"))
        async with replica.transaction() as transaction:
            await transaction.insert("books", {"author": "ann", "readers": {"bob", "cid"}}, id="b")
            for name in ("ann", "bob", "cid", "dan"):
                await transaction.insert("people", {"name": name}, id=name)
        await people.delete("bob")
        assert (await books.get("b"))["readers"] == frozenset({"cid"})
        await books.update("b", editor="dan")
        with pytest.raises(ConstraintViolated, match="people/dan cannot be deleted: books/b names it"):
            await people.delete("dan")
        await people.delete("ann")
        assert await books.find_one("b") is None
        with pytest.raises(DocumentNotFound):
            await books.update("b", title="t")
        with pytest.raises(ConstraintViolated):
            await people.delete("dan")  # the book was not deleted: it comes again with its author
        await people.undo("ann")
        assert dict(await books.get("b"))["author"] == "ann"
        await people.update("dan", name="Dan")
        assert (await people.get("dan"))["name"] == "Dan"


async def test_what_was_deleted_elsewhere_comes_back_or_goes(tmp_path: Path) -> None:
    """One device deletes what another begins to name: each rule does its part on both."""
    _, (first, second) = make_world(tmp_path, "refs", 2)
    for device in (first, second):
        await device.open()
    await first.collection("books").configure(
        references={"a": ("people", "cascade"), "b": ("people", "restore"), "c": ("people", "set_null")}
    )
    for name in "abc":
        await first.collection("people").insert({"name": name}, id=name)
    await exchange_all([first, second])
    for name in "abc":
        await first.collection("people").delete(name)
        await second.collection("books").insert({name: name, "title": "T"}, id=name)
    await exchange_all([first, second])
    for device in (first, second):
        assert await shown(device, "a", "title", "books") == "gone"
        assert await shown(device, "b", "b", "books") == "b"
        assert await shown(device, "c", "c", "books") is None
        assert await shown(device, "b", "name", "people") == "b"
        assert await shown(device, "c", "name", "people") == "gone"
        await device.reopen()
        await check_device(device)
    await first.collection("books").delete("b")
    await exchange_all([first, second])
    assert await shown(second, "b", "name", "people") == "gone"
    for device in (first, second):
        await device.close()


async def test_models_declare_constraints(tmp_path: Path) -> None:
    """A model's unique fields and references are published with its schema, and add to what is asked."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        await people.configure(unique=[("first", "last")])
        members = ModelCollection(replica.local, lambda: replica.number, Member)
        await members.insert(Member(email="x"))
        assert (await people.settings()).unique == (("first", "last"), ("email",))
        with pytest.raises(ConstraintViolated):
            await members.insert(Member(email="x"))
        with pytest.raises(ConstraintViolated, match="there is no people/nobody"):
            await members.insert(Member(email="y", boss=Ref("nobody")))
        boss = await members.insert(Member(email="boss"))
        await members.insert(Member(email="y", boss=Ref(boss.id), friends=[Ref(boss.id)]))
        with pytest.raises(ConstraintViolated, match="cannot be deleted"):
            await people.delete(boss.id)


async def test_what_is_not_shown_is_not_shared_away(tmp_path: Path) -> None:
    """A private space with a lost value is not shared, because sharing keeps only what documents show."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        for id_ in ("a", "b"):
            await people.insert({"email": "x"}, id=id_)
        await people.configure(unique=["email"])
        with pytest.raises(Misused, match="a value of people/b is not shown"):
            await replica.local.read(lambda sql: check_nothing_is_lost(sql, replica.number))
        await people.update("b", email="y")
        await replica.local.read(lambda sql: check_nothing_is_lost(sql, replica.number))


class Member(Model, collection="people"):
    """Somebody."""

    email: str = field(unique=True)
    boss: Ref["Member"] | None = field(default=None, on_delete="restore")
    friends: list[Ref["Member"]] | None = field(default=None, on_delete="set_null")


async def test_constraints_that_come_later_are_asked_of_what_is_there(tmp_path: Path) -> None:
    """Hundreds of documents, in many steps; and what they held back is shown again after."""
    async with open_private(tmp_path / "a.db") as replica:
        people = replica.collection("people")
        async with replica.transaction() as transaction:
            for number in range(600):
                await transaction.insert("people", {"email": number % 300}, id=f"{number:03}")
        await people.configure(unique=["email"])
        await people.constraints().built()
        assert [one.id async for one in people.find({"email": None})] == [f"{n:03}" for n in range(300, 600)]
        await replica.local.read(lambda sql: check_constraints(sql, replica.local.spaces[replica.number]))
        await people.configure(unique=[("email", "no")])
        await people.constraints().built()
        assert [one.id async for one in people.find({"email": None})] == []


NAMES = "abcd"
Act = tuple[int, int, str, str, str]
acts = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 9),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.sampled_from(["r", "s", "c"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(acts=acts, seed=st.integers(0, 2**32))
async def test_tables_are_what_evaluation_finds(
    tmp_path_factory: pytest.TempPathFactory, acts: list[Act], seed: int
) -> None:
    """Whatever three devices write, undo, exchange and reopen: after every step, and equal at the end."""
    folder = tmp_path_factory.mktemp("laws")
    _, devices = make_world(folder, f"laws {seed}", 3)
    chance = random.Random(seed)
    for device in devices:
        await device.open()
    references = {"r": ("notes", "restore"), "s": ("notes", "set_null"), "c": ("notes", "cascade")}
    if chance.random() < 0.7:
        await devices[0].collection("notes").configure(unique=["title", ("n", "r")], references=references)
        await devices[0].exchange()
    for who, what, one, other, rule in acts:
        device = devices[who]
        device.clock.time_ms += chance.choice([0, 0, 5_000])
        with suppress(ConstraintViolated, DocumentNotFound):
            await act(device, what, one, other, rule)
        await check_device(device)
    await devices[0].collection("notes").configure(unique=["title", ("n", "r")], references=references)
    await exchange_all(devices)
    views = [{one.id: dict(one) async for one in device.collection("notes").find()} for device in devices]
    assert views[0] == views[1] == views[2]
    for device in devices:
        await device.reopen()
        await check_device(device)
        await device.close()


async def act(device: Device, what: int, one: str, other: str, rule: str) -> None:
    """Do something on a device."""
    notes = device.collection("notes")
    match what:
        case 0 | 1 if await notes.find_one(one) is None:
            await notes.insert({"title": other, "n": 1}, id=one)
        case 0 | 1:
            await notes.update(one, {"title": other, "n": NAMES.index(other) % 2})
        case 2 | 3:
            await notes.update(one, {rule: other})
        case 4 | 5:
            await notes.delete(one)
        case 6:
            await notes.undo(one)
        case 7:
            await device.exchange()
        case 8:
            await device.reopen()
        case _:
            await notes.configure(unique=["title"] if one < other else UNSET)


def test_keys_are_ordered_alike() -> None:
    """SQLite compares text as Python does, so both find the same first among equal claims."""
    ids = ["", "z", "é", "\U0001f600", "\uffee"]
    assert sorted(ids) == sorted(ids, key=str.encode)
    assert min(DocumentKey("a", one) for one in ids).id == ""
