"""Draws: the same for one seed on every machine, others for another, and all within what was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.cli.demo.draws import Draws

LETTERS = "abcdefgh"


def test_a_seed_gives_one_series() -> None:
    """What a seed gives is fixed for ever: devices that never met plan for the same airports."""
    draws = Draws(1, "world")
    assert [draws.below(1_000) for _ in range(8)] == [43, 45, 440, 356, 283, 903, 749, 619]


@pytest.mark.parametrize("other", [(2, "world"), (1, "d1"), ("1", "world"), ("1world",), ()])
def test_another_seed_gives_another_series(other: tuple[object, ...]) -> None:
    """Every part of a seed counts, and so does where one part ends."""
    one, two = Draws(1, "world"), Draws(*other)
    assert [one.below(2**32) for _ in range(4)] != [two.below(2**32) for _ in range(4)]


@given(st.integers(), st.integers(min_value=1, max_value=2**40))
def test_numbers_stay_below_their_bound(seed: int, bound: int) -> None:
    """Every draw is at least 0 and less than the bound; below 1 there is 0 alone."""
    draws = Draws(seed)
    assert all(0 <= draws.below(bound) < bound for _ in range(10))
    assert draws.below(1) == 0


def test_every_item_is_picked_sooner_or_later() -> None:
    """No item is out of reach, the first and the last neither."""
    draws = Draws(7)
    assert {draws.pick(LETTERS) for _ in range(200)} == set(LETTERS)


@given(st.integers(), st.lists(st.integers(), max_size=20), st.integers(min_value=0, max_value=25))
def test_a_sample_takes_no_place_twice(seed: int, items: list[int], count: int) -> None:
    """A sample has so many of the items, or all, none more often than it is there, and takes none away."""
    before = list(items)
    sample = Draws(seed).sample(items, count)
    assert len(sample) == min(count, len(items))
    assert all(sample.count(item) <= items.count(item) for item in sample)
    assert items == before


def test_a_sample_is_in_the_order_drawn() -> None:
    """A sample is not sorted, and fixed like every other draw."""
    assert Draws(7).sample(LETTERS, 5) == ["c", "e", "a", "h", "b"]
