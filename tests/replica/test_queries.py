"""Queries over values that an index cuts, tokens, misuse, and what happens while a query goes on."""

from pathlib import Path

import pytest

from syncore.core.errors import InvalidToken, Misused
from syncore.query.aggregates import count, sum_
from syncore.query.paths import where
from syncore.replica.collection import Collection
from tests.replica.databases import open_private
from tests.replica.world import make_world

LONG = "x" * 300


async def texts(notes: Collection) -> list[str]:
    """Insert texts that agree in what an index holds of them; they, sorted."""
    found = ["", "x", LONG[:250], *(f"{LONG}{number}" for number in range(7)), LONG, "y"]
    for number, text in enumerate(found):
        await notes.insert({"t": text, "n": number % 3}, id=f"{(number * 5) % 13:02}")
    return sorted(found)


@pytest.mark.parametrize("order", [["t"], ["-t"], ["n", "t"], ["-n", "-t"]])
@pytest.mark.parametrize("size", [1, 2, 5])
async def test_pages_through_keys_that_are_cut(tmp_path: Path, order: list[str], size: int) -> None:
    """Texts that are equal in an index come in their order, and pages end anywhere among them."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await texts(notes)
        expected = [one.id for one in await notes.find(order_by=order)]
        await (await notes.create_index("t")).built()
        await (await notes.create_index("n", "t")).built()
        assert "comes in the order wanted" in await notes.find(order_by=order).explain()
        assert [one.id async for one in notes.find(order_by=order)] == expected
        paged: list[str] = []
        token: str | None = None
        while True:
            page = await notes.find(order_by=order, after=token).page(size)
            paged += [one.id for one in page.documents]
            token = page.next
            if token is None:
                break
        assert paged == expected


async def test_comparisons_with_what_is_cut(tmp_path: Path) -> None:
    """The index is searched widely enough, and the document decides."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        rising = await texts(notes)
        await (await notes.create_index("t")).built()
        for bound in (f"{LONG}3", LONG, LONG[:250], "x"):
            for expression, holds in (
                (where.t < bound, str.__lt__),
                (where.t <= bound, str.__le__),
                (where.t > bound, str.__gt__),
                (where.t >= bound, str.__ge__),
                (where.t == bound, str.__eq__),
                (where.t != bound, str.__ne__),
                (where.t.startswith(bound), str.startswith),
            ):
                query = notes.find(expression, order_by="t")
                meant = [text for text in rising if holds(text, bound)]
                assert [one["t"] for one in await query] == meant
                assert await query.count() == len(meant)


async def test_a_token_goes_on_though_the_index_is_gone(tmp_path: Path) -> None:
    """And with another index, after documents went; another query refuses it."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(9):
            await notes.insert({"n": number % 4}, id=str(number))
        await (await notes.create_index("n")).built()
        expected = [one.id for one in await notes.find(order_by="n")]
        page = await notes.find(order_by="n").page(4)
        assert page.next is not None
        await notes.drop_index("n")
        await notes.delete(page.documents[-1].id)
        assert [one.id for one in await notes.find(order_by="n", after=page.next)] == expected[4:]
        with pytest.raises(InvalidToken, match="another query"):
            notes.find(order_by="-n", after=page.next)


async def test_an_index_that_is_dropped_on_the_way(tmp_path: Path) -> None:
    """What goes on through it goes on without it, and misses nothing."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(250):
            await notes.insert({"n": number}, id=f"{number:03}")
        await (await notes.create_index("n")).built()
        seen = []
        async for one in notes.find(where.n >= 10, order_by="-n"):
            seen.append(one["n"])
            if len(seen) == 20:
                await notes.drop_index("n")
        assert seen == list(range(249, 9, -1))


async def test_merged_documents_are_in_the_index(tmp_path: Path) -> None:
    """What another device wrote, changed and deleted is found here by the index, as by hand."""
    _, (one, other) = make_world(tmp_path, "queries", 2)
    await one.open()
    await other.open()
    notes = one.collection("notes")
    await (await notes.create_index("n")).built()
    there = other.collection("notes")
    for number in range(20):
        await there.insert({"n": number % 5}, id=f"{number:02}")
    await notes.insert({"n": 3}, id="mine")
    for device in (other, one, other):
        await device.exchange()
    await there.update("03", n=9)
    await there.delete("08")
    await notes.update("13", n=9)
    for device in (other, one, other):
        await device.exchange()
    found = await notes.find(where.n == 3)
    assert [document.id for document in found] == ["18", "mine"]
    assert [document.id for document in await notes.find(where.n == 9)] == ["03", "13"]
    assert await notes.find(where.n.exists()).count() == 20
    for device in (one, other):
        await device.close()


async def test_misuse_is_told(tmp_path: Path) -> None:
    """Wrong sizes, names and aggregates say what to do."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 1})
        with pytest.raises(Misused, match="a page has"):
            await notes.find().page(0)
        with pytest.raises(Misused, match="is no aggregate"):
            await notes.find().aggregate(n=1)  # type: ignore[arg-type]
        with pytest.raises(Misused, match="field of the group"):
            await notes.find().group("n", n=count())
        with pytest.raises(Misused, match="without a direction"):
            await notes.find().group("-n", c=count())
        with pytest.raises(Misused, match="by an expression"):
            notes.find(True)  # type: ignore[arg-type]  # noqa: FBT003 - the slip
        assert await notes.find().group("n", total=sum_("n")) == [{"n": 1, "total": 1}]
        assert await notes.find(limit=0) == []
        assert (await notes.find(limit=0).page()).next is None
