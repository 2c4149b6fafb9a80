"""Values of every type that a register holds, for hypothesis."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from syncore.codec.values import Value

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5)), ZoneInfo("Europe/Berlin")])
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.decimals().filter(lambda value: not value.is_snan()),
    st.sampled_from([Decimal("1E+999999"), Decimal("-1E-999999"), Decimal("-0"), 0, -0.0, Decimal("0.50")]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.binary(max_size=8),
    st.dates(),
    st.datetimes(min_value=datetime(1900, 1, 2), timezones=ZONES),  # noqa: DTZ001 - the zone is drawn beside it
    st.uuids(),
    st.sampled_from([date(2024, 2, 29), UUID(int=7)]),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=2)
    ),
    max_leaves=5,
)
