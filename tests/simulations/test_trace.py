"""A trace tells two runs apart, and keeps a bounded number of its events."""

from simulations.trace import MAX_KEPT_EVENTS, Event, Trace, clock_time


def traced(*events: tuple[float, str, str]) -> Trace:
    """A trace of events."""
    trace = Trace()
    for event in events:
        trace.note(*event)
    return trace


def test_the_hash_covers_time_who_what_and_order() -> None:
    """Equal traces have equal hashes, and any difference shows."""
    one, two = (1.0, "d0", "starts"), (2.0, "d1", "starts")
    assert traced(one, two).hash == traced(one, two).hash
    others = [
        traced(two, one),
        traced(one),
        traced(one, (2.000001, "d1", "starts")),
        traced(one, (2.0, "d2", "starts")),
        traced(one, (2.0, "d1", "stops")),
    ]
    assert len({trace.hash for trace in (traced(one, two), *others)}) == 1 + len(others)


def test_events_are_kept_as_they_came() -> None:
    """Every event is there, with whether it is a detail."""
    trace = Trace()
    trace.note(1.5, "d0", "edits", is_detail=True)
    trace.note(2.5, "relay", "starts")
    assert trace.events == [
        Event(1.5, "d0", "edits", is_detail=True),
        Event(2.5, "relay", "starts", is_detail=False),
    ]


def test_later_events_count_though_they_are_not_kept() -> None:
    """Beyond the bound an event is in the hash only."""
    trace = Trace()
    for number in range(MAX_KEPT_EVENTS):
        trace.note(number, "d0", "edits")
    before = trace.hash
    trace.note(0, "d0", "edits")
    assert len(trace.events) == MAX_KEPT_EVENTS
    assert trace.hash != before


def test_times_are_for_people() -> None:
    """Days, hours, minutes, seconds and thousandths."""
    assert clock_time(0) == "0d 00:00:00.000"
    assert clock_time(2 * 86_400 + 3 * 3600 + 4 * 60 + 5.6789) == "2d 03:04:05.679"
