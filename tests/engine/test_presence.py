"""Presence as programs call it: what may be shown, for how long, and where."""

from pathlib import Path

import pytest

from syncore import Replica
from syncore.codec.values import Value
from syncore.core.errors import InvalidValue, Misused, TooLarge
from syncore.core.limits import MAX_PRESENCE_VALUE_BYTES
from syncore.engine.presence import Presence
from tests.relay.device import running_relay
from tests.sync.waiting import synced, until


@pytest.mark.parametrize("value", [(1, 2), {1: 2}, {"set"}, object()])
async def test_only_values_are_shown(tmp_path: Path, value: Value) -> None:
    """What no register may hold is refused, as it is there."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        with pytest.raises(InvalidValue):
            await replica.space.presence.set(value)


@pytest.mark.parametrize("ttl", [0, -1, 0.999, 300.001, float("nan"), float("inf")])
async def test_presence_lasts_from_a_second_to_five_minutes(tmp_path: Path, ttl: float) -> None:
    """Another time to live is a mistake."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        with pytest.raises(Misused, match="1 to 300 seconds"):
            await replica.space.presence.set(1, ttl=ttl)


async def test_the_largest_value_is_shown_and_no_larger_one(tmp_path: Path) -> None:
    """A value of the largest size reaches the other; one more byte is refused here."""
    async with (
        running_relay(tmp_path / "relay") as relay,
        Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys-a") as one,
        Replica.open(tmp_path / "b.db", keystore=tmp_path / "keys-b") as two,
    ):
        space = await one.share(relay.address)
        joined = await two.join(await space.invite(role="reader"))
        await synced(space, joined)
        assert isinstance(space.presence, Presence)
        largest = bytes(MAX_PRESENCE_VALUE_BYTES - 3)
        with pytest.raises(TooLarge):
            await space.presence.set(largest + b"\0")
        for ttl in (1, 300):
            await space.presence.set([largest[4:], ttl], ttl=ttl)
            await until(lambda ttl=ttl: [w.value for w in joined.presence.others] == [[largest[4:], ttl]])  # type: ignore[misc]


async def test_what_was_shown_is_what_it_was_then(tmp_path: Path) -> None:
    """Changing the object afterwards, or what others hand out, changes nothing that is shown."""
    async with (
        running_relay(tmp_path / "relay") as relay,
        Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys-a") as one,
        Replica.open(tmp_path / "b.db", keystore=tmp_path / "keys-b") as two,
    ):
        space = await one.share(relay.address)
        joined = await two.join(await space.invite())
        value: dict[str, Value] = {"at": "first"}
        await space.presence.set(value)
        value["at"] = "second"
        await until(lambda: len(joined.presence.others) == 1)
        shown = joined.presence.others[0].value
        assert shown == {"at": "first"}
        assert isinstance(shown, dict)
        shown["at"] = "third"
        assert joined.presence.others[0].value == {"at": "first"}
