"""Results that are good for one version, bounded in bytes."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.cache.results import ResultCache


def test_a_result_of_another_version_is_forgotten() -> None:
    """It is not found, and takes no room any more."""
    cache: ResultCache[str] = ResultCache(100, max_result_bytes=100)
    cache.put(b"a", 1, "old", 40)
    assert cache.get(b"a", 1) == "old"
    assert cache.get(b"a", 2) is None
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_the_least_recent_goes_first_and_the_largest_never_come() -> None:
    """What was looked up stays, a result over the bound of one is not held, nor is what it was to replace."""
    cache: ResultCache[str] = ResultCache(100, max_result_bytes=60)
    cache.put(b"a", 1, "a", 40)
    cache.put(b"b", 1, "b", 40)
    assert cache.get(b"a", 1) == "a"
    cache.put(b"c", 1, "c", 40)
    assert [cache.get(key, 1) for key in (b"a", b"b", b"c")] == ["a", None, "c"]
    cache.put(b"a", 2, "large", 61)
    assert cache.get(b"a", 2) is None
    assert (len(cache), cache.size_bytes) == (1, 40)
    cache.clear()
    assert (len(cache), cache.size_bytes) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(1, 50)), max_size=40))
def test_the_bound_holds(steps: list[tuple[int, int, int]]) -> None:
    """Whatever is held in whatever order, and what is found is what was held last, of the right version."""
    cache: ResultCache[int] = ResultCache(100, max_result_bytes=45)
    last: dict[int, tuple[int, int]] = {}
    for number, (key, version, size) in enumerate(steps):
        cache.put(bytes([key]), version, number, size)
        last[key] = (version, number)
        assert cache.size_bytes <= 100
        for other, (held_version, held) in last.items():
            assert cache.get(bytes([other]), held_version) in (None, held)
