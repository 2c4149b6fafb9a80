"""Version vectors: a lattice."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.core.identifiers import Dot, Writer
from syncore.core.vectors import Vector, covers, includes, join

vectors = st.dictionaries(st.integers(1, 4).map(Writer), st.integers(0, 5), max_size=4)


@given(vectors, vectors, vectors)
def test_the_join_is_the_least_vector_that_includes_all(first: Vector, second: Vector, third: Vector) -> None:
    """It includes each, and whatever includes each includes it."""
    joined = join([first, second])
    assert includes(joined, first)
    assert includes(joined, second)
    if includes(third, first) and includes(third, second):
        assert includes(third, joined)


@given(vectors, vectors)
def test_joining_has_no_order(first: Vector, second: Vector) -> None:
    """Order, repetition and zeros make no difference."""
    assert join([first, second]) == join([second, first, first])
    assert 0 not in join([first]).values()


@given(vectors, st.integers(1, 4), st.integers(1, 6))
def test_a_vector_covers_what_its_numbers_reach(vector: Vector, writer: int, number: int) -> None:
    """A commit is covered when its writer stands at it or beyond."""
    dot = Dot(Writer(writer), number)
    assert covers(vector, dot) == includes(vector, {dot.writer: dot.number})


def test_an_absent_writer_stands_at_zero() -> None:
    """Nothing of a writer that a vector does not name is included."""
    assert not covers({}, Dot(Writer(1), 1))
    assert includes({}, {Writer(1): 0})
