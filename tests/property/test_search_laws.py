"""Searches find the same, with the same scores, however far their index is."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from syncore.query.expressions import EVERYTHING, Expression
from syncore.query.paths import Path as FieldPath
from syncore.query.paths import where
from syncore.query.text_definitions import TextDefinition
from syncore.query.text_queries import parse_text_query
from syncore.query.text_scoring import Statistics, find_in, words_in
from syncore.replica import index_building, searching
from syncore.replica.collection import Collection
from tests.property.test_query_laws import write
from tests.query.text_strategies import definitions, documents, searches
from tests.replica.databases import open_private

ids = st.sampled_from([f"d{number}" for number in range(8)])
writes = st.lists(st.tuples(ids, st.none() | documents), max_size=8)
filters = st.sampled_from([EVERYTHING, where.b.exists(), where.c == 1])
questions = st.lists(st.tuples(searches, filters, st.none() | st.integers(0, 5)), min_size=1, max_size=3)


async def by_hand(
    notes: Collection, definition: TextDefinition, typed: str, expression: Expression
) -> list[tuple[str, float]]:
    """Every document looked at and scored."""
    query = parse_text_query(typed, definition.names)
    everything = {one.id: one for one in await notes.find()}
    words = {
        id_: words_in(texts)
        for id_, one in everything.items()
        if (texts := definition.texts_of(one)) is not None
    }
    statistics = Statistics(query.phrases)
    for one in words.values():
        statistics.add(one)
    found = {id_: places for id_, one in words.items() if (places := find_in(query, one)) is not None}
    scored = [
        (statistics.score(places, words[id_], definition.factors), id_)
        for id_, places in found.items()
        if expression.holds(everything[id_])
    ]
    return [(id_, -score) for score, id_ in sorted(scored)]


@settings(deadline=None, max_examples=25, phases=[Phase.reuse, Phase.generate, Phase.shrink])
@given(writes, definitions, writes, writes, questions)
def test_a_search_finds_the_same_however_far_its_index_is(
    before: list[tuple[str, dict[str, object] | None]],
    definition: TextDefinition,
    meanwhile: list[tuple[str, dict[str, object] | None]],
    after: list[tuple[str, dict[str, object] | None]],
    asked: list[tuple[str, Expression, int | None]],
) -> None:
    """Half built, built, changed under, opened again, dropped and made again: all that is found by hand."""

    async def ask(notes: Collection) -> None:
        for typed, expression, limit in asked:
            expected = await by_hand(notes, definition, typed, expression)
            search = notes.search(typed, expression, limit=limit)
            told = f"{await search.explain()}: {expected}"
            assert [(hit.document.id, hit.score) for hit in await search] == expected[:limit], told
            assert await search.count() == len(expected[:limit]), told

    async def make(notes: Collection) -> None:
        made = await notes.create_text_index(
            *[FieldPath(path) for path in definition.paths],
            name="it",
            weights=dict(zip(definition.names, definition.factors, strict=True)),
            where=definition.condition,
        )
        await ask(notes)
        await write(notes, meanwhile)
        await ask(notes)
        await made.built()
        await ask(notes)

    async def run(path: Path) -> None:
        async with open_private(path) as replica:
            notes = replica.collection()
            await write(notes, before)
            await make(notes)
            await write(notes, after)
            await ask(notes)
        async with open_private(path) as replica:
            notes = replica.collection()
            await ask(notes)
            await notes.drop_index("it")
            await make(notes)

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "_BATCH", 3)
        patched.setattr(searching, "_FIRST_PASS", 2)
        patched.setattr(index_building, "_STEP", 2)
        asyncio.run(run(Path(folder) / "a.db"))
