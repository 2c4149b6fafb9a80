"""Documents are held against what their collections ask for: refused here, flagged when others write."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from syncore.core.errors import InvalidSchema, Misused, ValidationFailed
from syncore.documents.changes import UNSET, increment
from syncore.replica.collection import Collection
from syncore.replica.invalid import list_invalid
from syncore.schema.validators import Validator
from tests.replica.databases import open_private
from tests.replica.invariants import check_device, check_file_alone
from tests.replica.world import make_world

SCHEMA = {
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string"}, "n": {"type": "integer", "minimum": 0}},
}


def ordered(values: Mapping[str, Any]) -> str | None:
    """A rule over two fields."""
    return "start before end" if values.get("start", 0) > values.get("end", 0) else None


ORDERED = Validator("ordered", 1, ordered)


async def flagged(collection: Collection) -> dict[str, list[str]]:
    """What is wrong with the documents of a collection."""
    return {one.document.id: [str(each) for each in one.problems] for one in await collection.invalid()}


async def test_a_local_write_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    """Of a whole transaction nothing is kept, and the error has every problem of every document."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.configure(schema=SCHEMA)
        await notes.insert({"title": "a", "n": 1}, id="a")
        transaction = await replica.transaction().__aenter__()
        await transaction.insert("notes", {"title": "b"}, id="b")
        await transaction.insert("notes", {"n": -1}, id="c")
        await transaction.update(("notes", "a"), n="x")
        with pytest.raises(ValidationFailed) as refused:
            await transaction.__aexit__(None, None, None)
        assert sorted(str(problem) for problem in refused.value.problems) == [
            "n: expected an integer, not 'x'",
            "n: expected at least 0, not -1",
            "title is missing",
        ]
        assert [one.id async for one in notes.find()] == ["a"]
        assert (await notes.get("a"))["n"] == 1
        async with replica.transaction() as passing:
            await passing.insert("notes", {"n": 1}, id="d")
            await passing.update(("notes", "d"), title="d")  # only what it comes to counts
        assert await flagged(notes) == {}
        await check_file_alone(replica.local, replica.number)


async def test_a_schema_flags_what_is_there_and_lets_it_be_mended(tmp_path: Path) -> None:
    """Documents from before stay; a write may not add a problem, and need not mend them all."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(300):
            await notes.insert({"n": number - 1}, id=f"{number:03}")
        await notes.insert({"title": "good"}, id="good")
        await replica.collection("others").insert({"n": -1})
        await notes.configure(schema=SCHEMA)
        found = await flagged(notes)
        assert len(found) == 300
        assert found["000"] == ["title is missing", "n: expected at least 0, not -1"]
        await notes.update("000", n=5)
        await notes.update("001", other=1)
        assert (await flagged(notes))["000"] == ["title is missing"]
        with pytest.raises(ValidationFailed):
            await notes.update("002", n="x")
        await notes.update("000", title="now")
        await notes.delete("001")
        assert len(await flagged(notes)) == 298
        assert len(await list_invalid(replica.local, replica.number, None)) == 298
        await notes.configure(schema=UNSET)
        assert await flagged(notes) == {}
        await notes.insert({"n": -1})
    async with open_private(tmp_path / "a.db") as replica:
        assert await flagged(replica.collection()) == {}


async def test_what_cannot_be_a_schema_is_refused(tmp_path: Path) -> None:
    """The settings stay as they are; equal settings are not written again."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        with pytest.raises(InvalidSchema):
            await notes.configure(schema={"$ref": "http://127.0.0.1:1/x"})
        with pytest.raises(Misused):
            await notes.configure(schema=3)  # type: ignore[arg-type]
        with pytest.raises(Misused):
            await notes.configure(validators=[ORDERED, ORDERED])
        assert (await notes.settings()).schema is None
        before = replica.local.default_space.next_number
        await notes.configure(schema=SCHEMA)
        await notes.configure(schema=dict(SCHEMA))
        assert replica.local.default_space.next_number == before + 1


async def test_an_undo_that_would_break_a_rule_is_refused(tmp_path: Path) -> None:
    """What was allowed when it was written may not be by now."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 1}, id="a")
        await notes.update("a", title="a")
        await notes.configure(schema=SCHEMA)
        with pytest.raises(ValidationFailed, match="title is missing"):
            await notes.undo("a")
        assert (await notes.get("a"))["title"] == "a"


async def test_validators_judge_the_whole_document(tmp_path: Path) -> None:
    """A program that has one holds documents against it; one that has not says so and does not judge."""
    path = tmp_path / "a.db"
    async with open_private(path, validators=[ORDERED]) as replica:
        notes = replica.collection()
        await notes.configure(validators=[ORDERED])
        await notes.insert({"start": 1, "end": 2}, id="a")
        with pytest.raises(ValidationFailed, match="start before end"):
            await notes.update("a", start=3)
        assert replica.local.default_space.lacking_rules() == ()
    async with open_private(path) as replica:
        notes = replica.collection()
        assert replica.local.default_space.lacking_rules() == (
            "notes, validators: ordered@1 is not registered in this program",
        )
        await notes.update("a", start=3)
        assert await flagged(notes) == {}
    async with open_private(path, validators=[ORDERED]) as replica:  # judged anew when it is opened
        assert await flagged(replica.collection()) == {"a": ["the document: expected start before end"]}


async def test_a_validator_that_raises_has_no_say(tmp_path: Path) -> None:
    """Writes go on, and the status says what happened."""
    broken = Validator("broken", 1, lambda values: values["nothing"])
    async with open_private(tmp_path / "a.db", validators=[broken]) as replica:
        notes = replica.collection()
        await notes.configure(validators=[broken])
        await notes.insert({"n": 1})
        [said] = replica.local.default_space.lacking_rules()
        assert "broken@1 failed" in said


async def test_merges_are_kept_and_flagged(tmp_path: Path) -> None:
    """Two writes that fit come to a document that does not: both devices flag it, and lose nothing."""
    _, (first, second) = make_world(tmp_path, "merged", 2)
    for device in (first, second):
        device.validators = (ORDERED,)
        await device.open()
    await first.collection("notes").configure(schema=SCHEMA, validators=[ORDERED])
    await first.collection("notes").insert({"title": "a", "start": 1, "end": 5}, id="a")
    for device in (first, second, first):
        await device.exchange()
    await first.collection("notes").update("a", start=4)
    await second.collection("notes").update("a", end=2)
    for device in (first, second, first):
        await device.exchange()
    for device in (first, second):
        notes = device.collection("notes")
        assert await flagged(notes) == {"a": ["the document: expected start before end"]}
        assert dict(await notes.get("a")) == {"title": "a", "start": 4, "end": 2}
    await second.collection("notes").update("a", end=9)
    for device in (second, first):
        await device.exchange()
    for device in (first, second):
        assert await flagged(device.collection("notes")) == {}
        await check_device(device)
        await device.close()


async def test_what_others_write_against_a_schema_is_kept(tmp_path: Path) -> None:
    """A device that had not heard of the schema wrote: it is flagged there, too, once it has."""
    _, (first, second) = make_world(tmp_path, "unheard", 2)
    for device in (first, second):
        await device.open()
    await first.collection("notes").configure(schema=SCHEMA)
    await second.collection("notes").insert({"n": -1}, id="x")
    await second.collection("notes").update("x", votes=increment())
    for device in (first, second, first):
        await device.exchange()
    for device in (first, second):
        found = await flagged(device.collection("notes"))
        assert found == {"x": ["title is missing", "n: expected at least 0, not -1"]}
        await check_device(device)
        await device.close()
