"""Laws of presence: any order, doubling and loss of messages, and any passing of time."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.values import Value, encode_value
from syncore.core.identifiers import DeviceIndex
from syncore.protocol.presence import PresencePlain
from syncore.protocol.presence_table import Heard, PresenceTable
from syncore.protocol.presence_voice import MIN_PAUSE_MS, PresenceVoice

Name = tuple[int, bytes]


@dataclass(frozen=True)
class Message:
    """What a session said, and when it arrives."""

    device: int
    name: bytes
    counter: int
    ttl_ms: int
    arrival_ms: int

    @property
    def plain(self) -> PresencePlain:
        """What is inside: the counter as the value."""
        return PresencePlain(
            asks=False, ttl_ms=self.ttl_ms, value=encode_value(self.counter) if self.ttl_ms else b""
        )


MESSAGES = st.lists(
    st.builds(
        Message,
        device=st.integers(0, 3),
        name=st.sampled_from([b"aaaaaaaa", b"bbbbbbbb", b"cccccccc"]),
        counter=st.integers(1, 12),
        ttl_ms=st.sampled_from([0, 1_000, 2_000, 10_000]),
        arrival_ms=st.integers(0, 12_000),
    ),
    max_size=60,
)


def deliver(messages: list[Message]) -> PresenceTable:
    """A table that heard the messages as they arrived."""
    table = PresenceTable()
    for message in messages:
        table.hear(
            DeviceIndex(message.device),
            message.name,
            message.counter,
            message.plain,
            now_ms=message.arrival_ms,
            wall_ms=message.arrival_ms,
        )
    return table


@given(MESSAGES, st.integers(0, 30_000))
def test_a_session_is_shown_as_its_greatest_counter_says(messages: list[Message], later_ms: int) -> None:
    """After any arrivals, those are here whose greatest counter came first less than its time to live ago."""
    messages = sorted(messages, key=lambda message: message.arrival_ms)
    now_ms = max((message.arrival_ms for message in messages), default=0) + later_ms
    table = deliver(messages)
    table.expire(now_ms)
    greatest: dict[Name, Message] = {}
    for message in messages:
        name = (message.device, message.name)
        if name not in greatest or message.counter > greatest[name].counter:
            greatest[name] = message
    expected = {
        name: message.counter
        for name, message in greatest.items()
        if message.ttl_ms and message.arrival_ms + message.ttl_ms > now_ms
    }
    shown = {(one.device, bytes.fromhex(one.session)): one.value for one in table.others}
    assert shown == expected
    assert (table.next_expiry_ms is None) <= (not expected)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.data())
def test_order_and_doubling_do_not_matter(counters: list[int], data: st.DataObject) -> None:
    """In whatever order, and however often, the same messages arrive together, the table ends the same."""
    one = [Message(1, b"aaaaaaaa", counter, 5_000 if counter % 3 else 0, 0) for counter in counters]
    other = data.draw(st.permutations(one + data.draw(st.lists(st.sampled_from(one), max_size=20))))
    shown = [[(who.session, who.value) for who in deliver(some).others] for some in (one, other)]
    assert shown[0] == shown[1]


@given(MESSAGES)
def test_every_change_that_can_be_seen_is_counted(messages: list[Message]) -> None:
    """Whenever those who are here or what they show differ, the revision has risen, and else it has not."""
    table, revision = PresenceTable(), 0
    before: dict[tuple[int, str], Value] = {}
    for message in sorted(messages, key=lambda message: message.arrival_ms):
        heard = table.hear(
            DeviceIndex(message.device),
            message.name,
            message.counter,
            message.plain,
            now_ms=message.arrival_ms,
            wall_ms=0,
        )
        shown = {(one.device, one.session): one.value for one in table.others}
        if shown != before:
            assert table.revision > revision
        elif heard is not Heard.TAKEN:
            assert table.revision == revision
        before, revision = shown, table.revision


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["show", "clear", "asked", "done", "refused", "refused for good", "down", "up"]),
        st.integers(0, 3_000),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_voice_says_the_newest_and_never_too_often(steps: list[tuple[str, int]]) -> None:
    """Whatever happens, one message is out at a time, with pauses, and says what is wanted then."""
    voice, now_ms, value, out = PresenceVoice(), 0, 0, False
    wanted: int | None = None
    last_said_ms = -MIN_PAUSE_MS
    for step, pause_ms in steps:
        now_ms += pause_ms
        said = voice.take(now_ms)
        if said is not None:
            assert not out
            assert now_ms - last_said_ms >= MIN_PAUSE_MS
            assert said.value == (b"" if wanted is None else encode_value(wanted))
            out, last_said_ms = True, now_ms
        match step:
            case "show":
                value += 1
                wanted = value
                voice.show(encode_value(value), 5_000, now_ms)
            case "clear":
                wanted = None
                voice.clear(now_ms)
            case "asked":
                voice.asked(now_ms, 0.5)
            case "down":
                voice.disconnected()
                out = False
            case "up":
                voice.disconnected()
                voice.connected(now_ms)
                out = False
            case "done" if out:
                voice.done(now_ms, 0.5)
                out = False
            case "refused" | "refused for good" if out:
                voice.refused(now_ms, is_final=step != "refused")
                out = False
            case _:
                pass
