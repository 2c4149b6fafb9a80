"""Random documents, expressions, orders and indexes over a few fields, so that they meet."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import strategies as st

from syncore.core.errors import Misused
from syncore.query.definitions import IndexDefinition
from syncore.query.expressions import EVERYTHING, And, Expression, Not, Or, Same, joined
from syncore.query.keys import encode_key
from syncore.query.ordering import Column, Ordering
from syncore.query.paths import Path

LONG = "long" * 80
"""A text whose key is cut in an index."""

small_numbers = st.sampled_from(
    [
        *(0, -0.0, 1, 1.0, Decimal("1.00"), Decimal("0.1"), 0.1, -1, 2, 2.5),
        *(10**30, -(10**30), Decimal("1E+40"), 2**53 + 1, float(2**53)),
        *(float("inf"), Decimal("-Infinity"), float("nan"), Decimal("NaN")),
    ]
)
numbers = (
    st.integers()
    | st.integers(-(10**320), 10**320)
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.decimals(allow_nan=False, places=2, min_value=-100, max_value=100)
)
texts = st.sampled_from(
    ["", "a", "ab", "a\x00", "a\x00b", "b", "é", "😀", "\uffff", LONG, LONG + "a", LONG + "b"]
)
instants = st.sampled_from(
    [
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    ]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    small_numbers,
    texts,
    instants,
    st.sampled_from([date(2026, 1, 1), date(1, 1, 1), UUID(int=0), UUID(int=2**128 - 1), b"", b"\x00", b"a"]),
)
elements = st.sampled_from(["a", "b", LONG + "a", LONG + "b", 0, 1, b"a", date(2026, 1, 1)])
field_values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.frozensets(elements, max_size=3),
    st.dictionaries(st.sampled_from("ab"), scalars | st.dictionaries(st.just("a"), scalars), max_size=2),
)
names = st.sampled_from("abc")
paths = st.one_of(st.tuples(names), st.tuples(names, st.sampled_from("ab")))
documents = st.dictionaries(names, field_values, max_size=3)


def equals(path: Path, value: object) -> Expression:
    """A comparison for equality, with the type that type checkers take ``==`` to lack."""
    expression: Expression = path == value
    return expression


@st.composite
def leaves(draw: st.DrawFn) -> Expression:
    """A comparison of one field."""
    path = Path(draw(paths))
    value = draw(field_values)
    match draw(st.integers(0, 8)):
        case 0 | 1:
            return equals(path, value)
        case 2 | 3:
            compare = draw(st.sampled_from([Path.__lt__, Path.__le__, Path.__gt__, Path.__ge__]))
            try:
                return compare(path, value)
            except Misused:
                return ~equals(path, value)
        case 4:
            return path.in_(draw(st.lists(scalars, max_size=3)))
        case 5:
            return path.startswith(draw(texts))
        case 6:
            return path.contains(draw(elements | texts))
        case 7:
            return path.exists()
        case _:
            return Same(draw(paths), value, encode_key(value))


def _joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: joined(And, parts)),
        several.map(lambda parts: joined(Or, parts)),
        inner.map(Not),
    )


expressions = st.just(EVERYTHING) | st.recursive(leaves(), _joined, max_leaves=5)
columns = st.lists(
    st.builds(Column, paths, st.booleans()), min_size=1, max_size=2, unique_by=lambda column: column.path
).map(tuple)
orderings = st.just(Ordering()) | st.builds(Ordering, columns)
definitions = st.one_of(
    st.builds(IndexDefinition, columns=columns, condition=st.none() | expressions),
    st.builds(
        IndexDefinition,
        columns=paths.map(lambda path: (Column(path),)),
        is_of_elements=st.just(True),  # noqa: FBT003 - the value that is built
        condition=st.none() | leaves(),
    ),
    st.builds(
        IndexDefinition,
        columns=st.lists(paths, min_size=1, max_size=2, unique=True).map(
            lambda found: tuple(Column(path) for path in found)
        ),
        is_hashed=st.just(True),  # noqa: FBT003 - the value that is built
        condition=st.none() | leaves(),
    ),
)


def as_fraction(number: float | Decimal) -> tuple[int, Fraction]:
    """A number as something that compares exactly: infinities outside, the rest as what it is."""
    if number in (float("inf"), float("-inf")):
        return (1 if number > 0 else -1), Fraction(0)
    return 0, Fraction(number)
