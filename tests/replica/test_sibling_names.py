"""Names of the sides of a conflict."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.core.identifiers import Dot, Writer
from syncore.replica.sibling_names import NAME_LETTERS, sibling_name


def test_names_never_change() -> None:
    """A name is the same on every device and in every version: people write them down."""
    assert sibling_name(Dot(Writer(1 << 32), 7)) == "pvgxhw"
    assert sibling_name(Dot(Writer(1 << 32), 7), is_deletion=True) == "qfgjhr"


@given(writer=st.integers(0, (1 << 53) - 1), number=st.integers(1, (1 << 53) - 1))
def test_names_are_letters(writer: int, number: int) -> None:
    """Every name has as many letters, none of which is a vowel, an upper-case letter or a digit."""
    name = sibling_name(Dot(Writer(writer), number))
    assert len(name) == NAME_LETTERS
    assert set(name) <= set("bcdfghjkmnpqrstvwxyz")


def test_names_differ() -> None:
    """A few thousand commits of some writers have names of their own."""
    names = {sibling_name(Dot(Writer(writer), number)) for writer in range(4) for number in range(512)}
    assert len(names) == 4 * 512
