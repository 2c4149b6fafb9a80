"""Laws of SQL over documents: values come back as they went in, and stand in the order that Python has."""

import asyncio
import math
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from syncore import Counter, List, Replica, SyncoreError, Text
from syncore.codec.values import Value, encode_value
from syncore.core.errors import LocalError
from syncore.documents.projection import FieldValue
from syncore.documents.structures import encode_element
from syncore.documents.value_order import sort_key
from syncore.sql.columns import quoted
from syncore.sql.ordering import compare, field_order, sortable
from syncore.sql.representation import from_sql, to_exact, to_plain
from tests.documents.value_strategies import SCALARS, VALUES

NUMBERS: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(2**70), 2**70),
    st.decimals(allow_nan=False),
    st.floats(allow_nan=False),
    st.sampled_from([Decimal("1E+50"), Decimal("1E-50"), 0, -0.0, Decimal("0.10"), 0.1, 2**63, -(2**63) - 1]),
)
ELEMENTS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.integers() | st.dates() | st.uuids()
)
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
    st.sampled_from(
        [
            *(
                "select",
                "SELECT",
                "from",
                "order",
                "Order",
                "_id",
                "_ID",
                "rowid",
                "oid",
                "a.b",
                'a"b',
                "a'b",
                "a]b",
            ),
            *(
                "a`b",
                "a--b",
                "/*",
                ";",
                "sqlite_x",
                "SQLITE_schema",
                "é",
                "É",
                "x y",
                "1",
                "?",
                ":a",
                "@",
                "pending",
            ),
            *(
                "documents",
                "conflicts",
                "json_each",
                "temp",
                "main",
                "null",
                "*",
                '"',
                "''",
                "~",
                "x~1",
                "X",
                "x",
            ),
        ]
    ),
)


def run(work: Callable[[Replica], Coroutine[object, object, None]]) -> None:
    """Run something on a fresh replica."""

    async def begin() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            async with Replica.open(path / "replica.db", keystore=path / "keys", sync=False) as replica:
                await work(replica)

    asyncio.run(begin())


def same(first: FieldValue, second: FieldValue) -> bool:
    """Whether two values are the same, types and digits and all; True and False are 1 and 0."""
    if isinstance(first, frozenset) or isinstance(second, frozenset):
        return first == second
    one, other = (int(value) if isinstance(value, bool) else value for value in (first, second))
    if isinstance(one, float) and isinstance(other, float) and one == other == 0:
        return True
    return encode_value(one) == encode_value(other)


@given(VALUES | st.frozensets(ELEMENTS, max_size=4))
def test_values_come_back(value: FieldValue) -> None:
    """Both forms of a value in SQL lead back to it, and to nothing else."""
    assert same(from_sql(to_plain(value)), value)
    assert same(from_sql(to_exact(value)), value)


@given(st.lists(VALUES.filter(lambda value: value is not None), min_size=2, max_size=4))
def test_the_collation_is_the_order_of_values(values: list[Value]) -> None:
    """The collation and the sortable key put values into the order of the values, ties included."""
    for one in values:
        for other in values:
            first, second = to_exact(one), to_exact(other)
            assert first is not None
            assert second is not None
            expected = compare_keys(one, other)
            assert compare(first, second) == expected
            keys = sortable(first), sortable(second)
            assert keys[0] is not None
            assert keys[1] is not None
            assert (keys[0] > keys[1]) - (keys[0] < keys[1]) == expected


def compare_keys(one: FieldValue, other: FieldValue) -> int:
    """How the values' own order has two values; True and False are 1 and 0."""
    first, second = (field_order(int(value) if isinstance(value, bool) else value) for value in (one, other))
    return (first > second) - (first < second)


@settings(max_examples=25)
@given(st.lists(SCALARS, min_size=1, max_size=12), st.lists(VALUES, min_size=1, max_size=4))
def test_everything_that_goes_in_comes_out(scalars: list[Value], values: list[Value]) -> None:
    """What is inserted, of every kind and type, comes back equal, alone in its column and beside others."""

    async def work(replica: Replica) -> None:
        items = replica.collection("items")
        for place, value in enumerate(scalars):
            await items.insert({"x": value, f"own{place}": value}, id=f"{place:03}")
        fields = {
            "t": Text("é\0x"),
            "n": Counter(2**70),
            "s": {"a", "b"},
            "l": List(values),
            "values": values,
        }
        await items.insert(fields, id="all")
        names = ", ".join(f"own{place}" for place in range(len(scalars)))
        rows = await replica.sql(f"select x, {names} from items where _id <> 'all' order by _id")  # noqa: S608
        for place, value in enumerate(scalars):
            assert same(rows[place]["x"], value)
            assert same(rows[place][f"own{place}"], value)
        [row] = await replica.sql("select t, n, s, l, \"values\" from items where _id = 'all'")
        assert row["t"] == "é\0x"
        assert row["n"] == 2**70
        assert row["s"] == frozenset({"a", "b"})
        assert encode_value(row["l"]) == encode_value(values) == encode_value(row["values"])

    run(work)


@settings(max_examples=25)
@given(st.lists(NUMBERS, min_size=1, max_size=10), NUMBERS)
def test_numbers_are_ordered_compared_and_summed_exactly(numbers: list[Value], bound: Value) -> None:
    """Order, comparison with a parameter, sums and extremes are those of the numbers themselves."""

    async def work(replica: Replica) -> None:
        items = replica.collection("items")
        for place, value in enumerate([*numbers, Decimal(0)]):
            await items.insert({"x": value}, id=f"{place:03}")
        rows = [row[0] for row in await replica.sql("select x from items order by x, _id")]
        expected = sorted([*numbers, Decimal(0)], key=lambda value: sort_key(value)[0])
        assert all(same(one, other) for one, other in zip(rows, expected, strict=True))
        by_key = [row[0] for row in await replica.sql("select x from items order by exact(x), _id")]
        assert by_key == rows
        greater = await replica.sql("select count(*) from items where exact(x) > exact(?)", [bound])
        assert greater[0][0] == sum(field_order(one) > field_order(bound) for one in rows)
        if not isinstance(bound, float):  # SQLite gives a bare float fifteen digits beside exact ones
            bare = await replica.sql("select count(*) from items where x > ?", [bound])
            assert bare == greater
        [extremes] = await replica.sql("select min(x), max(x), exact_min(x), exact_max(x) from items")
        assert [field_order(one) for one in extremes] == [
            field_order(expected[0]),
            field_order(expected[-1]),
        ] * 2
        if all(not isinstance(one, float) or math.isfinite(one) for one in expected):
            finite = [one for one in expected if not isinstance(one, Decimal) or one.is_finite()]
            if len(finite) == len(expected):
                await check_sum(replica, finite)

    run(work)


async def check_sum(replica: Replica, numbers: Sequence[Value]) -> None:
    """The sum is that of fractions, which never round."""
    from fractions import Fraction  # noqa: PLC0415 - the yardstick of this check alone

    [row] = await replica.sql("select exact_sum(x) from items")
    assert isinstance(row[0], Decimal)
    assert Fraction(row[0]) == sum((Fraction(one) for one in numbers), Fraction(0))  # type: ignore[arg-type]


@settings(max_examples=40)
@example(["PENDING"], ["CONFLICTS"])  # the table of conflicts is read from a table that is called so
@example(["documents", "spaces", "projection_parts"], ["documents", "conflicts", "spaces"])
@given(
    st.lists(NAMES, min_size=1, max_size=4, unique=True), st.lists(NAMES, min_size=1, max_size=4, unique=True)
)
def test_hostile_names_are_tables_and_columns(collections: list[str], fields: list[str]) -> None:
    """Whatever collections and fields are called, each is found under a name that the hint tells."""

    async def work(replica: Replica) -> None:
        made = []
        for place, collection in enumerate(collections):
            try:
                await replica.collection(collection).insert(
                    {name: f"{place} {name}" for name in fields}, id="x"
                )
                made.append((place, collection))
            except LocalError:
                continue  # a name that nothing can have
        tables = replica._services.sql.tables  # noqa: SLF001 - what hints are made of
        for place, collection in made:
            table = (await tables(replica.space._local_number()))[collection]  # noqa: SLF001
            rows = await replica.sql(f"select * from {quoted(table)}")  # noqa: S608
            assert len(rows) == 1
            assert rows.columns[0] == "_id"
            assert sorted(map(str, rows[0])) == sorted(["x", *(f"{place} {name}" for name in fields)])
            for column in rows.columns:
                [row] = await replica.sql(f"select {quoted(column)} from {quoted(table)}")  # noqa: S608
                assert row[0] == rows[0][column]

    run(work)


WORDS = st.lists(
    st.sampled_from(
        [
            *(
                "select",
                "*",
                "from",
                "items",
                "pending",
                "documents",
                "where",
                "x",
                "1",
                "'a'",
                "(",
                ")",
                ",",
                "--",
                ";",
            ),
            *(
                "insert",
                "into",
                "values",
                "update",
                "set",
                "delete",
                "drop",
                "table",
                "view",
                "create",
                "temp",
                "main.",
            ),
            *(
                "pragma",
                "writable_schema",
                "=",
                "attach",
                "as",
                "with",
                "recursive",
                "union",
                "all",
                "explain",
                "query",
            ),
            *(
                "plan",
                "sqlite_schema",
                "join",
                "on",
                "order",
                "by",
                "limit",
                "group",
                "having",
                "count(*)",
                "begin",
            ),
            *(
                "load_extension('x')",
                "json_each(x)",
                "exact(x)",
                "x'00'",
                "?",
                "null",
                "syncore_plain_field(x, 'x')",
            ),
        ]
    ),
    max_size=14,
).map(" ".join)


def test_no_text_of_a_query_does_harm() -> None:
    """Random statements give rows of what is shown, or an error of the tree; nothing is ever changed."""

    async def work(replica: Replica) -> None:
        await replica.collection("items").insert({"x": "seen"}, id="a")
        await replica.collection("items").insert({"x": "gone"}, id="b")
        await replica.collection("items").delete("b")
        digest = await replica.space.digest()

        async def attempt(sql: str) -> None:
            try:
                rows = await replica.sql(sql, limit=100, timeout_s=1)
            except SyncoreError as error:
                assert isinstance(error, LocalError)  # noqa: PT017 - both ways are right
            else:
                assert "gone" not in repr(rows)

        loop = asyncio.get_running_loop()

        @settings(max_examples=300)
        @given(WORDS | st.text(max_size=30))
        def drive(sql: str) -> None:
            asyncio.run_coroutine_threadsafe(attempt(sql), loop).result()

        await asyncio.to_thread(drive)
        assert await replica.space.digest() == digest
        assert [tuple(row) for row in await replica.sql("select * from items")] == [("a", "seen")]

    run(work)


def test_sets_are_ordered_by_their_elements() -> None:
    """Sets have a place too, so that a column of them can be sorted."""
    assert compare_keys(frozenset({"a"}), frozenset({"b"})) == -1
    assert encode_element("a") < encode_element("b")
