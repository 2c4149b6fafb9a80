"""Orders, places in them, and tokens for places."""

import pytest
from hypothesis import given

from syncore.core.errors import InvalidName, InvalidToken, Misused
from syncore.query.expressions import EVERYTHING
from syncore.query.ordering import Column, Ordering, columns_of, decode_place, encode_place, query_tag
from syncore.query.paths import where
from tests.query.strategies import documents, orderings


@given(documents, orderings)
def test_a_token_stands_for_its_place(values: dict[str, object], ordering: Ordering) -> None:
    """A place comes back from its token, and only for the query that it belongs to."""
    tag = query_tag("films", EVERYTHING, ordering)
    place = ordering.place(values, "x")
    token = encode_place(place, tag)
    assert decode_place(token, tag, ordering) == place
    with pytest.raises(InvalidToken, match="another query"):
        decode_place(token, query_tag("other", EVERYTHING, ordering), ordering)


@pytest.mark.parametrize("token", [7, "", "?", "AAAA", "kA"])
def test_what_is_no_token_is_refused(token: object) -> None:
    """Anything else is refused, and the hint says what a token goes with."""
    with pytest.raises(InvalidToken, match="order_by"):
        decode_place(token, b"tag", Ordering())


def test_documents_that_agree_stand_by_their_ids() -> None:
    """In the direction of the last column."""
    rising, falling = Ordering(columns_of("a")), Ordering(columns_of("-a"))
    for ordering, ids in ((rising, ["1", "2"]), (falling, ["2", "1"])):
        keys = [ordering.sort_key(ordering.place({"a": 1}, id_)) for id_ in ids]
        assert keys == sorted(keys)


def test_columns_are_given_by_name_or_path() -> None:
    """A name is a field as it is; what is inside a map is named by where."""
    assert columns_of(["-gross", where.a.b, -where.c]) == (
        Column(("gross",), is_descending=True),
        Column(("a", "b")),
        Column(("c",), is_descending=True),
    )
    assert columns_of("a.b") == (Column(("a.b",)),)
    for wrong in (7, b"a", [7], ["a", "-a"], list("abcdefghi")):
        with pytest.raises(Misused):
            columns_of(wrong)
    with pytest.raises(InvalidName):
        columns_of("-")
