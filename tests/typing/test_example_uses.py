"""What type checkers make of programs that use syncore: mypy runs over this file, the test runs it."""

from pathlib import Path
from typing import assert_type

import pytest

from syncore import (
    Change,
    Collection,
    Counter,
    Document,
    Durability,
    Expression,
    InvalidChange,
    Model,
    ModelCollection,
    Page,
    Presence,
    Present,
    Query,
    Replica,
    Space,
    SpaceStatus,
    Text,
    Transaction,
    count,
    field,
    increment,
    rewrite,
    where,
)


async def test_example_uses_have_the_types_that_people_expect(tmp_path: Path) -> None:
    """Collections, documents, transactions, watching and status are typed without casts."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        assert_type(replica, Replica)
        films = assert_type(replica.collection("films"), Collection)
        film = assert_type(await films.insert({"title": "Alien", "votes": Counter(1)}), Document)
        changed = await films.update(film, votes=increment(1), title=rewrite(str.upper), seen=film.token)
        assert_type(changed, Document)
        assert_type(await films.find_one(film.id), Document | None)
        assert_type(where.title == "ALIEN", Expression)
        query = assert_type(films.find(where.title == "ALIEN", order_by="title", limit=1), Query[Document])
        assert_type(await query, list[Document])
        assert_type([found async for found in films.find({"title": "ALIEN"})], list[Document])
        assert_type(await query.page(), Page[Document])
        assert_type(await query.aggregate(n=count()), dict[str, object])
        async with replica.transaction(durability=Durability.FULL) as transaction:
            assert_type(transaction, Transaction)
            assert_type(await transaction.insert("films", {"review": Text("x")}), str)
        assert_type(replica.space, Space)
        assert_type(replica.space.status(), SpaceStatus)
        assert_type(replica.spaces, list[Space])
        assert_type(replica.space.presence, Presence)
        assert_type(replica.space.presence.others, tuple[Present, ...])
        async with films.watch() as changes:
            await films.delete(film)
            change = assert_type(await anext(changes), Change)
    assert change.document is None
    assert changed["votes"] == 2


class Film(Model, collection="typed films"):
    """A model as a program declares it."""

    title: str
    gross: int | None = field(default=None, minimum=0)
    votes: Counter = Counter()


async def test_models_are_typed(tmp_path: Path) -> None:
    """Collections of models take and give objects of them; wrong names and types of fields are found."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        films = assert_type(replica.collection(Film), ModelCollection[Film])
        film = assert_type(await films.insert(Film(title="Alien", gross=3)), Film)
        assert_type(film.title, str)
        assert_type(film.gross, int | None)
        assert_type(film.votes.count, int)
        assert_type(await films.get(film.id), Film)
        assert_type(await films.find_one(film.id), Film | None)
        found = assert_type(films.find(where.gross > 1, where=lambda one: one.title > "A"), Query[Film])
        assert_type(await found.first(), Film | None)
        assert_type([one async for one in found], list[Film])
        assert_type(await found.page(), Page[Film])
        assert_type(replica.space.collection(Film), ModelCollection[Film])
        with pytest.raises(InvalidChange):
            Film(titel="Alien")  # type: ignore[call-arg]
        with pytest.raises(InvalidChange):
            Film()  # type: ignore[call-arg]
        assert film.title == "Alien"
