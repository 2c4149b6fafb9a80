"""Datetimes: wall clock, offset and zone come back on any machine."""

import contextlib
import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.instants import NamedOffset, decode_datetime, encode_datetime
from syncore.core.errors import InvalidValue

ZONES = sorted(
    available_timezones() & {"Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Monrovia"}
)


def facts(value: datetime) -> tuple[object, ...]:
    """What must survive: the wall clock, its place in a repeated hour, the offset and the zone's name."""
    return (
        value.replace(tzinfo=None, fold=0),
        value.utcoffset(),
        getattr(value.tzinfo, "key", str(value.tzinfo)),
    )


@given(st.datetimes(timezones=st.sampled_from(ZONES).map(ZoneInfo), allow_imaginary=False))
def test_datetimes_with_a_named_zone_round_trip(value: datetime) -> None:
    """The zone's name and the offset come back, in a repeated hour too."""
    decoded = decode_datetime(encode_datetime(value))
    assert facts(decoded) == facts(value)
    assert encode_datetime(decoded) == encode_datetime(value)


@given(
    st.datetimes(
        timezones=st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
        | st.just(UTC)
    )
)
def test_datetimes_with_a_fixed_offset_round_trip(value: datetime) -> None:
    """Any offset of whole seconds comes back, and UTC as UTC."""
    decoded = decode_datetime(encode_datetime(value))
    assert (decoded, decoded.utcoffset(), decoded.replace(tzinfo=None)) == (
        value, value.utcoffset(), value.replace(tzinfo=None, fold=0),
    )  # fmt: skip


def test_utc_and_an_offset_of_zero_are_told_apart() -> None:
    """UTC is a name, +00:00 an offset; Python takes both for UTC, so both come back equal."""
    assert encode_datetime(datetime(2024, 1, 1, tzinfo=UTC)).endswith(b"UTC")
    assert decode_datetime(encode_datetime(datetime(2024, 1, 1, tzinfo=UTC))).tzinfo is UTC


def test_an_unknown_zone_keeps_name_and_offset() -> None:
    """Where this machine does not know the zone, reading and writing again changes nothing."""
    payload = (63_000_000_000_000_000).to_bytes(8, "big") + (7_200).to_bytes(4, "big") + b"Mars/Olympus_Mons"
    value = decode_datetime(payload)
    assert isinstance(value.tzinfo, NamedOffset)
    assert (value.tzinfo.key, value.utcoffset(), value.tzname(), value.dst()) == (
        "Mars/Olympus_Mons", timedelta(hours=2), "Mars/Olympus_Mons", None,
    )  # fmt: skip
    assert encode_datetime(value) == payload
    for twin in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own bytes
        assert encode_datetime(twin) == payload


def test_a_zone_whose_rules_changed_keeps_its_offset() -> None:
    """An offset that the named zone does not have here is kept beside the name."""
    zoned = encode_datetime(datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Zurich")))
    moved = zoned[:8] + (12_345).to_bytes(4, "big") + zoned[12:]
    value = decode_datetime(moved)
    assert (value.utcoffset(), getattr(value.tzinfo, "key", None)) == (
        timedelta(seconds=12_345),
        "Europe/Zurich",
    )
    assert encode_datetime(value) == moved


class Odd(tzinfo):
    """A zone of a kind that nobody could find again."""

    def utcoffset(self, _: datetime | None, /) -> timedelta:
        """An hour."""
        return timedelta(hours=1)

    def dst(self, _: datetime | None, /) -> None:
        """Unknown."""

    def tzname(self, _: datetime | None, /) -> str:
        """Any."""
        return "odd"


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        (None, "without a zone"),
        (Odd(), "cannot be kept"),
        (timezone(timedelta(microseconds=1)), "whole seconds"),
    ],
    ids=["none", "odd", "microseconds"],
)
def test_what_cannot_come_back_is_refused(zone: tzinfo | None, says: str) -> None:
    """A datetime without a zone names no instant; an unknown kind of zone could not be made again."""
    with pytest.raises(InvalidValue, match=says):
        encode_datetime(datetime(2024, 1, 1, tzinfo=zone))


@given(st.binary(max_size=90))
def test_payloads_are_datetimes_or_value_errors(payload: bytes) -> None:
    """Any payload decodes, or raises what the value codec turns into Malformed."""
    with contextlib.suppress(ValueError, OverflowError):
        decode_datetime(payload)


@pytest.mark.parametrize(
    "name", [b"../../etc/passwd", b"/etc/localtime", b"America", b"a\x00b", b"posixrules\n", b"UTC"]
)
def test_names_are_not_paths(name: bytes) -> None:
    """A zone's name from a peer reads no file outside the database, and never fails."""
    payload = (63_000_000_000_000_000).to_bytes(8, "big") + (60).to_bytes(4, "big") + name
    value = decode_datetime(payload)
    assert value.utcoffset() == timedelta(seconds=60)
