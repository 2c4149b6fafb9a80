"""Queries find the same whatever indexes there are: what looking at each document finds, in order."""

import asyncio
import tempfile
from pathlib import Path
from typing import cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from syncore.codec.values import Value
from syncore.documents.changes import UNSET
from syncore.query.aggregates import count
from syncore.query.definitions import IndexDefinition
from syncore.query.expressions import Expression
from syncore.query.ordering import Ordering
from syncore.query.paths import Path as FieldPath
from syncore.replica import index_building, traversal
from syncore.replica.collection import Collection
from syncore.replica.views import Document
from tests.query.strategies import definitions, documents, expressions, orderings
from tests.replica.databases import open_private

ids = st.sampled_from([f"d{number}" for number in range(8)])
writes = st.lists(st.tuples(ids, st.none() | documents), max_size=8)
questions = st.lists(
    st.tuples(expressions, orderings, st.none() | st.integers(0, 5), st.integers(1, 4)),
    min_size=1,
    max_size=2,
)


def paths_of(ordering: Ordering | IndexDefinition) -> list[FieldPath]:
    """The columns as programs name them."""
    return [FieldPath(column.path, is_descending=column.is_descending) for column in ordering.columns]


async def by_hand(notes: Collection, expression: Expression, ordering: Ordering) -> list[Document]:
    """Every document looked at, and sorted by its whole key."""
    everything = [one async for one in notes.find()]
    meant = [one for one in everything if expression.holds(one)]
    return sorted(meant, key=lambda one: ordering.sort_key(ordering.place(one, one.id)))


async def check(
    notes: Collection, expression: Expression, ordering: Ordering, limit: int | None, size: int
) -> None:
    """Every way to carry out a question gives what is found by hand."""
    expected = await by_hand(notes, expression, ordering)
    order = paths_of(ordering)
    shown = [one.id for one in expected]
    whole = notes.find(expression, order_by=order)
    assert [one.id async for one in whole] == shown, await whole.explain()
    limited = notes.find(expression, order_by=order, limit=limit)
    assert [one.id for one in await limited] == shown[:limit], await limited.explain()
    assert await whole.count() == len(shown), await whole.explain()
    first = await whole.first()
    assert (None if first is None else first.id) == (shown[0] if shown else None)
    paged: list[str] = []
    page = await whole.page(size)
    paged += [one.id for one in page.documents]
    while page.next is not None:
        page = await notes.find(expression, order_by=order, after=page.next).page(size)
        paged += [one.id for one in page.documents]
    assert paged == shown, await whole.explain()
    assert await whole.aggregate(n=count()) == {"n": len(shown)}
    assert sum(cast("int", row["n"]) for row in await whole.group("a", n=count())) == len(shown)


async def write(notes: Collection, changes: list[tuple[str, dict[str, object] | None]]) -> None:
    """Insert, replace or delete documents."""
    for id_, fields in changes:
        there = await notes.find_one(id_)
        if there is None and fields is not None:
            await notes.insert(cast("dict[str, Value]", fields), id=id_)
        elif there is not None and fields is None:
            await notes.delete(id_)
        elif there is not None and fields is not None:
            new = {name: (UNSET, fields[name]) if name in fields else UNSET for name in {*there, *fields}}
            if new:
                await notes.update(id_, new)


@settings(deadline=None, max_examples=25, phases=[Phase.reuse, Phase.generate, Phase.shrink])
@given(writes, st.lists(definitions, max_size=2), writes, writes, questions)
def test_indexes_change_nothing_but_the_time(
    before: list[tuple[str, dict[str, object] | None]],
    indexes: list[IndexDefinition],
    meanwhile: list[tuple[str, dict[str, object] | None]],
    after: list[tuple[str, dict[str, object] | None]],
    asked: list[tuple[Expression, Ordering, int | None, int]],
) -> None:
    """Indexes half built, built, changed under, opened again: every answer is that of reading all."""

    async def ask(notes: Collection) -> None:
        for question in asked:
            await check(notes, *question)

    async def run(path: Path) -> None:
        async with open_private(path) as replica:
            notes = replica.collection()
            await write(notes, before)
            made = [
                await notes.create_index(
                    *paths_of(index),
                    name=str(number),
                    each=index.is_of_elements,
                    where=index.condition,
                    kind="hash" if index.is_hashed else "ordered",
                )
                for number, index in enumerate(indexes)
            ]
            await ask(notes)
            await write(notes, meanwhile)
            for index in made:
                await index.built()
            await ask(notes)
            await write(notes, after)
            await ask(notes)
        async with open_private(path) as replica:
            await ask(replica.collection())
            if indexes:
                await replica.collection().drop_index("0")
                await ask(replica.collection())

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(traversal, "_BATCH", 3)  # so that few documents take several steps, and passes
        patched.setattr(traversal, "MAX_SORTED", 2)
        patched.setattr(index_building, "_STEP", 2)
        asyncio.run(run(Path(folder) / "a.db"))
