"""Every way that planning finds leads to all documents that are meant, in the order that it promises."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.definitions import IndexDefinition, decode_definition, encode_definition
from syncore.query.expressions import Expression
from syncore.query.intervals import is_inside
from syncore.query.keys import MAX_COMPONENT_BYTES
from syncore.query.ordering import Ordering, columns_of
from syncore.query.paths import where
from syncore.query.planning import LONG_SCAN, Plan, Way, best_at_once, choose, implies, in_steps, ways
from tests.query.strategies import definitions, documents, expressions, orderings


def index(*fields: object, condition: Expression | None = None, each: bool = False) -> IndexDefinition:
    """An index on these fields."""
    return IndexDefinition(columns=columns_of(fields), condition=condition, is_of_elements=each)


def way_of(expression: Expression, definition: IndexDefinition, *order: object) -> Way | None:
    """The way through an index, if there is one."""
    found = ways(expression, Ordering(columns_of(order)), {"it": definition})
    return found[0] if len(found) > 1 else None


@given(st.lists(documents, max_size=6), expressions, orderings, definitions)
def test_a_way_leads_to_everything_that_is_meant(
    collection: list[dict[str, object]],
    expression: Expression,
    ordering: Ordering,
    definition: IndexDefinition,
) -> None:
    """What an index lacks is not meant; what is exact is meant; what is ordered comes in order."""
    [*found, everything] = ways(expression, ordering, {"it": definition})
    assert everything.index is None
    for way in found:
        entries = sorted(
            (key, str(place))
            for place, values in enumerate(collection)
            for key in definition.keys_of(values, str(place))
            if is_inside(key, way.ranges)
        )
        passed = [place for _, place in (reversed(entries) if way.is_backwards else entries)]
        meant = [str(place) for place, values in enumerate(collection) if expression.holds(values)]
        assert set(meant) <= set(passed)
        assert way.may_repeat or len(passed) == len(set(passed))
        if way.is_exact:
            assert sorted(passed) == sorted(meant)
        if way.is_ordered:
            places = [ordering.place(collection[int(place)], place) for place in passed]
            cut = [
                ordering.sort_key((*(key[:MAX_COMPONENT_BYTES] for key in place[:-1]), place[-1]))
                for place in places
            ]
            assert cut == sorted(cut)


@given(definitions)
def test_definitions_are_kept_exactly(definition: IndexDefinition) -> None:
    """What is stored of an index comes back as the same bytes and words."""
    data = encode_definition(definition)
    assert encode_definition(decode_definition(data)) == data
    assert decode_definition(data).columns == definition.columns


@given(documents, expressions, expressions)
def test_what_is_implied_holds(values: dict[str, object], given_: Expression, condition: Expression) -> None:
    """A condition that an expression is said to imply holds wherever the expression does."""
    if implies(given_, condition):
        assert condition.holds(values) or not given_.holds(values)


def test_which_orders_an_index_gives() -> None:
    """Its own, the opposite, and those behind columns that have one value only."""
    gross = index("genre", "-gross")
    everything = where.genre.exists()
    assert way_of(everything, gross, "genre", "-gross") is not None
    forwards, backwards = (
        way_of(everything, gross, *order) for order in (("genre", "-gross"), ("-genre", "gross"))
    )
    assert forwards is not None
    assert (forwards.is_ordered, forwards.is_backwards) == (True, False)
    assert backwards is not None
    assert (backwards.is_ordered, backwards.is_backwards) == (True, True)
    one_genre = way_of(where.genre == "sf", gross, "-gross")
    assert one_genre is not None
    assert (one_genre.is_ordered, one_genre.is_exact) == (True, True)
    other = way_of(where.genre > "sf", gross, "-gross")
    assert other is not None
    assert not other.is_ordered
    by_id = way_of(where.genre == "sf", index("genre"))
    assert by_id is not None
    assert by_id.is_ordered


def test_partial_indexes_are_used_where_their_condition_is_implied() -> None:
    """Also by a narrower comparison of the same field, and not otherwise."""
    partial = index("title", condition=where.gross > 100)
    assert way_of((where.gross > 200) & (where.title == "a"), partial) is not None
    assert way_of((where.gross > 100) & (where.title == "a"), partial) is not None
    assert way_of((where.gross > 50) & (where.title == "a"), partial) is None


def test_the_fewest_documents_win() -> None:
    """A small range that has to be sorted beats a long one in order, and a limit turns that round."""
    indexes = {"code": index("code"), "title": index("title")}
    found = ways((where.code == 1) & where.title.exists(), Ordering(columns_of("title")), indexes)
    assert best_at_once(found) is None
    estimates = {"code": 3, "title": 1000, None: 1000}
    assert choose(found, estimates, limit=None).index == "code"
    assert choose(found, {"code": 900, "title": 1000, None: 1000}, limit=10).index == "title"
    exact = ways(where.code == 1, Ordering(), indexes)
    chosen = best_at_once(exact)
    assert chosen is not None
    assert chosen.index == "code"


def test_a_plan_in_words() -> None:
    """It names the index, the order, what is checked, and warns of long scans."""
    expression, ordering = where.gross > 5, Ordering(columns_of("title"))
    *_, everything = ways(expression, ordering, {})
    told = in_steps(
        Plan(expression=expression, ordering=ordering, way=everything),
        collection="f",
        documents=LONG_SCAN + 1,
    )
    assert told.splitlines() == [
        "find in f: gross > 5, by title",
        "reads all documents of the collection, in the order of ids",
        "checks each document against the expression",
        "sorts what it found by title",
        (
            "warning: there are more than 2000 documents; an index would spare reading them all:"
            " create_index() on a field that is compared or ordered by"
        ),
    ]
    way = way_of(where.gross > 5, index("gross"), "-gross")
    assert way is not None
    told = in_steps(
        Plan(expression=expression, ordering=Ordering(columns_of("-gross")), way=way),
        collection="f",
        documents=9,
    )
    assert told.splitlines()[1:] == [
        "reads the index it (gross): 1 range, from its end",
        "comes in the order wanted",
    ]
