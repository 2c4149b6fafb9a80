"""The bounded map."""

from syncore.cache.least_recent import LeastRecentCache


def test_the_least_recent_are_forgotten_first() -> None:
    """Looking up and storing make a value recent; trimming forgets the others beyond the capacity."""
    cache: LeastRecentCache[str, int] = LeastRecentCache(2)
    for name, number in (("a", 1), ("b", 2), ("c", 3)):
        cache.put(name, number)
    assert cache.get("a") == 1
    cache.trim()
    assert list(cache) == ["c", "a"]
    assert (cache.get("b"), len(cache)) == (None, 2)


def test_nothing_is_forgotten_before_trimming() -> None:
    """What a transaction under way has put in stays until it says so, however much it is."""
    cache: LeastRecentCache[int, int] = LeastRecentCache(2)
    for number in range(10):
        cache.put(number, number)
    assert len(cache) == 10
    cache.trim()
    assert list(cache) == [8, 9]


def test_a_value_is_replaced() -> None:
    """Storing under a key that is there replaces its value and makes it recent."""
    cache: LeastRecentCache[str, int] = LeastRecentCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("a", 3)
    assert (list(cache), cache.get("a")) == (["b", "a"], 3)


def test_forgetting_on_purpose() -> None:
    """Discarding a key that is not there does nothing; clearing forgets all."""
    cache: LeastRecentCache[str, int] = LeastRecentCache(2)
    cache.put("a", 1)
    cache.discard("z")
    cache.discard("a")
    assert (cache.get("a"), len(cache)) == (None, 0)
    cache.put("b", 2)
    cache.clear()
    assert list(cache) == []
