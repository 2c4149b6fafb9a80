"""What type checkers make of programs that use syncore: mypy runs over this file, the test runs it."""

from pathlib import Path
from typing import assert_type

from syncore import (
    Change,
    Collection,
    Counter,
    Document,
    Durability,
    Expression,
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
        query = assert_type(films.find(where.title == "ALIEN", order_by="title", limit=1), Query)
        assert_type(await query, list[Document])
        assert_type([found async for found in films.find({"title": "ALIEN"})], list[Document])
        assert_type(await query.page(), Page)
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
