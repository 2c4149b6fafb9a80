"""Windows over results, beside results that are made from scratch."""

from hypothesis import given
from hypothesis import strategies as st

from syncore.query.windows import MAX_RESERVE, Entry, Window

steps = st.lists(
    st.tuples(st.sampled_from([f"d{number}" for number in range(12)]), st.none() | st.integers(0, 5)),
    max_size=30,
)


def entry(id_: str, value: int) -> Entry[str]:
    """A document that sorts by a value, then by its id."""
    key = bytes([value]) + id_.encode()
    return Entry(id_, key, (key,), str(value).encode(), f"{id_}={value}")


def fill(window: Window[str], documents: dict[str, int]) -> int:
    """Read what the window lacks, as a replica does; how many entries were read."""
    behind = b"" if window.horizon is None else window.horizon[0]
    lacking = window.lacking
    if lacking == 0:
        return 0
    everything = sorted((entry(*one) for one in documents.items()), key=lambda one: one.sort_key)
    rest = [one for one in everything if one.sort_key > behind]
    found = rest if lacking is None else rest[:lacking]
    window.extend(found, is_complete=lacking is None or len(found) < lacking)
    return len(found)


@given(steps, steps, st.none() | st.integers(0, 4))
def test_a_window_shows_what_a_query_finds(
    before: list[tuple[str, int | None]], after: list[tuple[str, int | None]], limit: int | None
) -> None:
    """After every change, once what is lacking was read; its revision tells when it shows something else."""
    documents: dict[str, int] = {}
    for id_, value in before:
        documents.pop(id_, None)
        if value is not None:
            documents[id_] = value
    window: Window[str] = Window(limit)
    fill(window, documents)
    for id_, value in after:
        shown, revision = window.shown, window.revision
        documents.pop(id_, None)
        if value is None:
            window.remove(id_)
        else:
            documents[id_] = value
            window.put(entry(id_, value))
        fill(window, documents)
        everything = sorted((entry(*one) for one in documents.items()), key=lambda one: one.sort_key)
        assert window.shown == everything[:limit]
        assert window.shown == shown or window.revision != revision
        assert len(window) <= len(documents)


def test_a_window_reads_again_only_when_its_reserve_is_used_up() -> None:
    """Of 500 that come to an end from the front, 10 are shown, and every tenth removal reads on."""
    documents = {f"{number:03}": 0 for number in range(500)}
    window: Window[str] = Window(10)
    assert fill(window, documents) == 20
    reads = 0
    for number in range(400):
        del documents[f"{number:03}"]
        window.remove(f"{number:03}")
        reads += fill(window, documents) > 0
        assert len(window.shown) == 10
    assert 30 <= reads <= 40
    assert Window[str](1_000).lacking == 1_000 + MAX_RESERVE


def test_what_is_behind_the_horizon_does_not_come_in() -> None:
    """A window that is full drops what leaves its part, and does not show what it cannot place."""
    documents = {f"{number:03}": 1 for number in range(50)}
    window: Window[str] = Window(5)
    fill(window, documents)
    revision = window.revision
    window.put(entry("new", 2))
    window.put(entry("099", 1))
    assert (len(window), window.revision) == (10, revision)
    window.put(entry("007", 1))  # in the reserve, as it was
    assert window.revision == revision
    window.put(entry("000", 5))
    assert [one.id for one in window.shown] == ["001", "002", "003", "004", "005"]
