"""Models: documents as objects, with the schema that they come to for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pytest

from syncore.core.errors import InvalidChange, InvalidSchema, Misused, ValidationFailed
from syncore.documents.changes import Counter, List, Text, increment, splice
from syncore.documents.rules import SchemaSetting, Strategy
from syncore.query.aggregates import sum_
from syncore.query.paths import where
from syncore.replica.model import Model, model_schema
from syncore.replica.model_collection import ModelCollection
from syncore.replica.model_fields import Ref, field
from syncore.storage.document_rows import DocumentRows, ProjectionRow
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.world import Device, make_world


class Genre(Enum):
    """What a film is."""

    HORROR = "horror"
    COMEDY = "comedy"


@dataclass
class Role:
    """A part in a film."""

    actor: str
    pay: Decimal | None = None


class Place(TypedDict, total=False):
    """Where it plays."""

    country: str


class Film(Model, collection="films"):
    """A model with fields of every sort."""

    title: str = field(max_length=20)
    gross: Decimal | None = field(default=None, resolve="max", minimum=0)
    released: date | None = None
    genre: Genre = Genre.HORROR
    rating: Literal["G", "R"] | None = None
    score: Annotated[int, field(minimum=0, maximum=10)] = 0
    roles: list[Role] = field(default_factory=list)
    place: Place | None = None
    notes: dict[str, str] = field(default_factory=dict)
    votes: Counter = Counter()
    review: Text = Text()
    scenes: List = List()
    tags: set[str] = field(default_factory=set)
    director: Ref["Person"] | None = None


class Person(Model, collection="people"):
    """What a reference leads to."""

    name: str


def films(replica: PrivateReplica, model: type[Model] = Film) -> ModelCollection[Any]:
    """The collection of a model."""
    return ModelCollection(replica.local, lambda: replica.number, model)


def on(device: Device, model: type[Model]) -> ModelCollection[Any]:
    """The collection of a model in the space of a device."""
    return ModelCollection(device.local, lambda: device.state.number, model)


async def test_objects_come_back_as_they_were_given(tmp_path: Path) -> None:
    """Enums, dataclasses, references, decimals and every kind of field, after the file was closed, too."""
    path = tmp_path / "a.db"
    given = Film(
        title="Alien",
        gross=Decimal("104931801.00"),
        released=date(1979, 5, 25),
        rating="R",
        score=9,
        roles=[Role("Weaver", Decimal(5)), Role("Holm")],
        place={"country": "US"},
        notes={"a": "b"},
        votes=Counter(3),
        review=Text("Good"),
        scenes=List(["one"]),
        tags={"sf", "space"},
        director=Ref("scott"),
    )
    async with open_private(path) as replica:
        made = await films(replica).insert(given, id="alien")
        assert made == given
        assert made.id == "alien"
        changed = await films(replica).update(
            made,
            votes=increment(2),
            review=splice(4, 0, " film"),
            genre=Genre.COMEDY,
            seen=made.document.token,
        )
        assert (changed.votes, changed.review.text, changed.genre) == (Counter(5), "Good film", Genre.COMEDY)
        assert dict(changed.document)["genre"] == "comedy"
    async with open_private(path) as replica:
        assert await films(replica).get(Ref("alien")) == changed
        assert [one.title async for one in films(replica).find(where=lambda film: film.score > 8)] == [
            "Alien"
        ]
        await films(replica).delete("alien")
        assert await films(replica).find_one("alien") is None


async def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """Defaults that are None are not written; fields of kinds begin empty."""
    async with open_private(tmp_path / "a.db") as replica:
        made = await films(replica).insert(Film(title="Ran"))
        assert (made.gross, made.genre, made.votes, made.tags) == (None, Genre.HORROR, Counter(0), set())
        assert "gross" not in made.document
        assert made.document["genre"] == "horror"
        again = await films(replica).insert(made)
        assert (again == made, again.id == made.id) == (True, False)


async def test_the_schema_and_the_rules_are_those_of_the_collection(tmp_path: Path) -> None:
    """The first write sets them once, so every device judges alike, and plain documents are judged too."""
    async with open_private(tmp_path / "a.db") as replica:
        await films(replica).insert(Film(title="Ran"))
        settings = await replica.collection("films").settings()
        assert isinstance(settings.schema, SchemaSetting)
        assert settings.schema.schema == model_schema(Film)
        assert settings.fields == {"gross": Strategy.MAX}
        with pytest.raises(ValidationFailed) as refused:
            await replica.collection("films").insert({"gross": 5, "votes": 3, "roles": [{}]})
        assert [str(one) for one in refused.value.problems] == [
            "votes: expected a counter, not 3",
            "title is missing",
            "gross: expected a Decimal or null, not 5",
            "roles[0].actor is missing",
        ]
        with pytest.raises(ValidationFailed, match="at most 10"):
            await films(replica).insert(Film(title="Ran", score=11))
        writes = replica.local.default_space.next_number
        await films(replica).insert(Film(title="Chaos"))
        assert replica.local.default_space.next_number == writes + 1


async def test_wrong_fields_are_refused_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    """In construction and in updates; an object does not change."""
    with pytest.raises(InvalidChange, match="did you mean 'title'"):
        Film(titel="Ran")  # type: ignore[call-arg]
    with pytest.raises(InvalidChange, match="lacks its field 'title'"):
        Film()  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="does not change"):
        Film(title="Ran").title = "Chaos"  # type: ignore[misc]
    with pytest.raises(Misused, match="in no collection yet"):
        _ = Film(title="Ran").id
    async with open_private(tmp_path / "a.db") as replica:
        made = await films(replica).insert(Film(title="Ran"))
        with pytest.raises(InvalidChange, match="did you mean 'score'"):
            await films(replica).update(made, scores=1)
        with pytest.raises(InvalidChange, match="takes Film"):
            await films(replica).insert(Person(name="x"))


async def test_two_models_of_a_collection_in_one_program_are_an_error(tmp_path: Path) -> None:
    """With different fields; the same class, and one that is equal, are not."""

    class Other(Model, collection="films"):
        name: str

    class Same(Model, collection="people"):
        name: str

    async with open_private(tmp_path / "a.db") as replica:
        films(replica)
        films(replica)
        with pytest.raises(Misused, match="two models of the collection films"):
            films(replica, Other)
        films(replica, Person)
        films(replica, Same)
        with pytest.raises(Misused, match="not a Model"):
            films(replica, int)  # type: ignore[arg-type]


def test_what_no_document_can_hold_is_refused() -> None:
    """With the class and the field that asks for it."""

    class Odd(Model, collection="odd"):
        size: complex

    class Limits(Model, collection="odd"):
        when: date = field(minimum=3)

    class Lost(Model, collection="odd"):
        who: "Nobody"  # type: ignore[name-defined]  # noqa: F821

    for model, said in ((Odd, "Odd.size"), (Limits, "minimum does not go with date"), (Lost, "Nobody")):
        with pytest.raises(Misused, match=said):
            model_schema(model)
    with pytest.raises(Misused, match="the model's own"):

        class Named(Model, collection="odd"):
            id: str

    with pytest.raises(Misused, match="not both"):
        field(default=1, default_factory=int)


async def projections(device: Device) -> list[ProjectionRow]:
    """What is stored of a device's documents, byte for byte."""
    number = device.state.number
    return await device.local.read(lambda sql: DocumentRows(sql, number).page("movies", after="", limit=9))


class OldFilm(Model, collection="movies"):
    """What version 1 of a program knows."""

    title: str


class NewFilm(Model, collection="movies"):
    """What version 2 added may be missing."""

    title: str
    sequel_to: str | None = None
    seen: Counter = Counter()


class StrictFilm(Model, collection="movies", version=2):
    """What a third version asks for besides."""

    title: str
    year: int


async def test_two_versions_of_a_program_share_a_collection(tmp_path: Path) -> None:
    """What the newer one adds is kept as it is by the older one, forwarded, and there after upgrading."""
    _, (newer, older) = make_world(tmp_path, "versions", 2)
    for device in (newer, older):
        await device.open()
    await on(older, OldFilm).insert(OldFilm(title="Alien"), id="alien")
    for device in (older, newer):
        await device.exchange()
    await on(newer, NewFilm).update("alien", sequel_to="nothing")
    await on(newer, NewFilm).insert(NewFilm(title="Aliens", sequel_to="alien"), id="aliens")
    for device in (newer, older):
        await device.exchange()
    schema = (await on(older, OldFilm).settings()).schema
    assert isinstance(schema, SchemaSetting)
    assert schema.schema == model_schema(NewFilm)
    read = await on(older, OldFilm).update("aliens", title="Aliens!")
    assert read.document["sequel_to"] == "alien"
    await on(older, OldFilm).insert(OldFilm(title="Alien 3"), id="three")
    assert (await on(older, OldFilm).settings()).schema == schema  # the older program leaves it alone
    for device in (older, newer):
        await device.exchange()
    stored = [await projections(device) for device in (newer, older)]
    assert stored[0] == stored[1]
    assert await on(newer, NewFilm).invalid() == await on(older, OldFilm).invalid() == []
    await older.close()
    await older.open()  # with the newer program
    assert (await on(older, NewFilm).get("aliens")).sequel_to == "alien"
    assert (await on(older, NewFilm).get("three")).sequel_to is None
    for device in (newer, older):
        await device.close()


async def test_a_change_of_fields_needs_a_higher_version(tmp_path: Path) -> None:
    """What neither program extends is refused, until one says that it is newer; the other goes on by it."""

    class Changed(Model, collection="movies"):
        title: int

    path = tmp_path / "a.db"
    async with open_private(path) as replica:
        await films(replica, NewFilm).insert(NewFilm(title="Alien"), id="alien")
    async with open_private(path) as replica:
        with pytest.raises(InvalidSchema, match="different things"):
            await films(replica, Changed).insert(Changed(title=1))
    async with open_private(path) as replica:
        await films(replica, StrictFilm).insert(StrictFilm(title="Aliens", year=1986))
        [invalid] = await films(replica, StrictFilm).invalid()
        assert (invalid.document.id, str(invalid.problems[0])) == ("alien", "year is missing")
        read = await films(replica, StrictFilm).get("alien")
        assert read.title == "Alien"
        with pytest.raises(AttributeError, match="the document lacks 'year'"):
            _ = read.year
    async with open_private(path) as replica:
        with pytest.raises(ValidationFailed, match="year is missing"):
            await films(replica, NewFilm).insert(NewFilm(title="Ran"))
        await films(replica, NewFilm).update("alien", sequel_to="x")


def test_a_reference_names_the_collection_that_it_leads_to() -> None:
    """A later step holds it; a name that means nothing here is a reference all the same."""

    class Cast(Model, collection="cast"):
        known: Ref[Person]
        later: Ref["Nowhere"] | None = None  # type: ignore[name-defined]  # noqa: F821

    parts: Mapping[str, Any] = model_schema(Cast)["properties"]
    assert parts["known"] == {"type": "string", "x-ref": "people"}
    assert parts["later"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


async def test_typed_queries_have_everything_that_plain_ones_have(tmp_path: Path) -> None:
    """Expressions, orders, indexes, pages, numbers: as for plain documents, with objects of the model."""
    async with open_private(tmp_path / "a.db") as replica:
        made = films(replica)
        for number in range(7):
            await made.insert(Film(title=f"t{number}", score=number % 3), id=str(number))
        await (await made.documents.create_index("score")).built()
        query = made.find(where.score > 0, order_by="-score", where=lambda film: film.title != "t2")
        assert "reads the index score" in await query.explain()
        assert [(film.id, film.score) for film in await query] == [("5", 2), ("4", 1), ("1", 1)]
        assert [film.title async for film in made.find({"score": 0}, limit=2)] == ["t0", "t3"]
        first = await query.first()
        assert isinstance(first, Film)
        assert first.title == "t5"
        page = await query.page(2)
        assert [type(one) for one in page.documents] == [Film, Film]
        rest = made.find(
            where.score > 0, order_by="-score", where=lambda film: film.title != "t2", after=page.next
        )
        assert [film.title for film in await rest] == ["t1"]
        assert await query.count() == 3
        assert await made.find().aggregate(total=sum_("score")) == {"total": 6}


async def test_objects_in_transactions(tmp_path: Path) -> None:
    """A transaction takes and gives objects of models as the model's collection does, all or nothing."""
    async with open_private(tmp_path / "a.db") as replica:
        collection = films(replica)
        async with replica.transaction() as transaction:
            id_ = await transaction.insert(Film(title="Alien", genre=Genre.HORROR))
            assert (await transaction.get(Film, id_)).genre is Genre.HORROR
            await transaction.insert("films", Film(title="Ran").as_fields(), id="ran")
            assert await collection.find_one(id_) is None
        assert isinstance((await collection.documents.settings()).schema, SchemaSetting)
        alien = await collection.get(id_)
        async with replica.transaction() as transaction:
            await transaction.update(alien, genre=Genre.COMEDY)
            assert (await transaction.get("films", id_))["genre"] == "comedy"
            await transaction.delete(await collection.get("ran"))
            with pytest.raises(InvalidChange, match="no field 'titel'"):
                await transaction.update(alien, titel="x")
            with pytest.raises(Misused, match="in no collection yet"):
                await transaction.update(Film(title="x", genre=Genre.COMEDY), title="y")
            with pytest.raises(Misused, match="has its fields itself"):
                await transaction.insert(Film(title="x", genre=Genre.COMEDY), {})
        assert (await collection.get(id_)).genre is Genre.COMEDY
        assert await collection.find_one("ran") is None
