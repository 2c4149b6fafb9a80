"""Tests of syncore.protocol.presence_voice."""

from itertools import pairwise

import pytest

from syncore.codec.values import encode_value
from syncore.protocol.presence import PresencePlain
from syncore.protocol.presence_voice import (
    ANSWER_SPREAD_MS,
    MIN_ANSWER_PAUSE_MS,
    MIN_PAUSE_MS,
    REPEATS_PER_TTL,
    RETRY_PAUSE_MS,
    PresenceVoice,
)
from tests.protocol.presences import NOBODY, shows

TTL_MS = 30_000
LATEST = 1.0
ASKS = PresencePlain(asks=True, ttl_ms=0, value=b"")


def live(now_ms: int = 0) -> PresenceVoice:
    """A voice that is connected and has asked."""
    voice = PresenceVoice()
    voice.connected(now_ms)
    assert say(voice, now_ms) == ASKS
    return voice


def say(voice: PresenceVoice, now_ms: int) -> PresencePlain | None:
    """Say what is due, and be answered at once."""
    said = voice.take(now_ms)
    if said is not None:
        voice.done(now_ms, LATEST)
    return said


def show(voice: PresenceVoice, value: int, now_ms: int) -> None:
    """Show a number."""
    voice.show(encode_value(value), TTL_MS, now_ms)


def test_who_comes_asks_once() -> None:
    """With nothing to show, one question goes out and then nothing."""
    voice = live()
    assert voice.due_ms is None
    assert not voice.is_shown


def test_what_was_set_offline_is_shown_when_live() -> None:
    """Nothing is due while offline; the first message on any connection asks and shows."""
    voice = PresenceVoice()
    show(voice, 1, 0)
    assert voice.due_ms is None
    for now_ms in (1_000, 50_000):
        voice.connected(now_ms)
        assert say(voice, now_ms) == shows(1, asks=True)
        voice.disconnected()
        assert voice.due_ms is None


def test_news_is_said_at_once_but_not_more_often_than_ten_times_a_second() -> None:
    """Of what is set in between, the newest is said when the pause is over."""
    voice = live()
    for number in range(5):
        show(voice, number, 200)
    assert say(voice, 200) == shows(4)
    for number in range(5, 9):
        show(voice, number, 210)
    assert say(voice, 200 + MIN_PAUSE_MS - 1) is None
    assert say(voice, 200 + MIN_PAUSE_MS) == shows(8)


def test_one_message_waits_for_its_answer() -> None:
    """Until the relay has answered nothing else is due, however long that takes; then the newest state is."""
    voice = live()
    show(voice, 1, 500)
    assert voice.take(500) == shows(1)
    show(voice, 2, 600)
    show(voice, 3, 700)
    assert voice.due_ms is None
    assert voice.take(10**6) is None
    voice.done(10**6, LATEST)
    assert voice.take(10**6) == shows(3)


@pytest.mark.parametrize(("chance", "earliest_ms"), [(0.0, 8_000), (1.0, 10_000)])
def test_what_is_shown_is_said_again_in_a_third_of_its_time(chance: float, earliest_ms: int) -> None:
    """A repeat comes within a third of the time to live, a little early by chance, again and again."""
    voice = live()
    show(voice, 1, 1_000)
    now_ms = 1_000
    for _ in range(3):
        assert voice.take(now_ms) == shows(1)
        voice.done(now_ms, chance)
        assert voice.due_ms == now_ms + earliest_ms
        assert earliest_ms <= TTL_MS // REPEATS_PER_TTL
        now_ms += earliest_ms


def test_clearing_says_so_once() -> None:
    """Whoever stops showing says that it is gone, and repeats nothing; clearing nothing says nothing."""
    voice = live()
    voice.clear(100)
    assert say(voice, 100) is None
    show(voice, 1, 200)
    assert say(voice, 200) == shows(1)
    voice.clear(400)
    voice.clear(401)
    assert say(voice, 400) == NOBODY
    assert voice.due_ms is None


def test_a_newcomer_is_answered_within_the_spread() -> None:
    """Whoever shows something says it again soon after a question; whoever shows nothing keeps silent."""
    voice = live()
    voice.asked(1_000, 0.5)
    assert say(voice, 1_400) is None
    show(voice, 1, 1_000)
    say(voice, 1_000)
    voice.asked(2_000, 0.5)
    assert voice.due_ms == 2_000 + ANSWER_SPREAD_MS // 2
    assert say(voice, 2_000 + ANSWER_SPREAD_MS) == shows(1)


def test_many_questions_get_one_answer_a_second() -> None:
    """Whoever asks without end makes nobody say more than a message a second, and delays no answer."""
    voice = live()
    show(voice, 1, 0)
    said = []
    for now_ms in range(1_000, 6_000, 10):
        voice.asked(now_ms, 0.0)
        if say(voice, now_ms) is not None:
            said.append(now_ms)
    pauses = {later - earlier for earlier, later in pairwise(said)}
    assert pauses == {MIN_ANSWER_PAUSE_MS}
    assert said[0] == 1_000


def test_a_refusal_that_passes_is_tried_again_after_a_pause() -> None:
    """What was refused goes out later, the question in it too; refusals are counted."""
    voice = PresenceVoice()
    show(voice, 1, 0)
    voice.connected(0)
    assert voice.take(0) == shows(1, asks=True)
    voice.refused(10, is_final=False)
    assert voice.refusals == 1
    assert voice.due_ms == 10 + RETRY_PAUSE_MS
    assert say(voice, 10 + RETRY_PAUSE_MS) == shows(1, asks=True)


def test_a_final_refusal_silences_the_connection() -> None:
    """After a refusal for good nothing is due on this connection; the next one is another try."""
    voice = PresenceVoice()
    show(voice, 1, 0)
    voice.connected(0)
    voice.take(0)
    voice.refused(10, is_final=True)
    show(voice, 2, 20)
    assert voice.due_ms is None
    voice.disconnected()
    voice.connected(5_000)
    assert say(voice, 5_000) == shows(2, asks=True)


def test_resting_puts_off_what_is_due() -> None:
    """While no request may be made, nothing is due before the time that was named."""
    voice = live()
    show(voice, 1, 500)
    voice.rest(900)
    voice.rest(800)
    assert voice.due_ms == 900
    assert voice.take(899) is None
    assert say(voice, 900) == shows(1)


def test_an_answer_of_an_earlier_connection_changes_nothing() -> None:
    """An answer without anything said is none."""
    voice = live()
    voice.done(5, LATEST)
    assert voice.due_ms is None
