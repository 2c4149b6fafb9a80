"""Changes: what makes no sense is refused where it is written."""

from typing import cast

import pytest

from syncore.core.errors import InvalidChange
from syncore.documents.changes import UNSET, List, Set, Splice, increment, splice


@pytest.mark.parametrize("amount", [1.5, "1", True, None])
def test_an_increment_is_an_int(amount: object) -> None:
    """A counter counts in ints."""
    with pytest.raises(InvalidChange, match="must be an int"):
        increment(cast("int", amount))


@pytest.mark.parametrize(
    ("position", "delete", "insert"),
    [(-1, 0, "x"), (0, -1, "x"), (0.0, 0, "x"), (0, True, "x"), (0, 0, ("x",)), (0, 0, b"x")],
)
def test_a_splice_has_a_place_and_inserts_text_or_a_list(
    position: object, delete: object, insert: object
) -> None:
    """Positions and counts are ints from 0, insertions a str or a list."""
    with pytest.raises(InvalidChange):
        splice(cast("int", position), cast("int", delete), cast("str", insert))


def test_changes_keep_what_they_were_made_of() -> None:
    """A list that is changed later does not change what was asked for."""
    items, elements = [1], {1}
    changes = (List(items), Set(elements), splice(0, insert=items))
    items.append(2)
    elements.add(2)
    assert changes == (List([1]), Set([1]), Splice(0, 0, (1,)))


def test_unset_says_what_it_is() -> None:
    """The marker reads well in an error message."""
    assert "UNSET" in repr(UNSET)
