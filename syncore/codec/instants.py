"""Datetimes with their zone, exactly: wall clock, offset, and the zone's name where it has one.

Encoding: microseconds of the wall clock since 0001-01-01 (i64), offset from UTC in seconds (i32), zone name
in ASCII (empty for a fixed offset; "UTC" for UTC). Reading never depends on the machine's time zone database:
where the named zone is unknown here, or has other rules by now, the wall clock and the offset are kept with
the name beside them.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from syncore.core.errors import InvalidValue

_HEADER_BYTES = 12
_MAX_ZONE_BYTES = 64
_DAY_SECONDS = 86_400
_ORIGIN = datetime(1, 1, 1)  # noqa: DTZ001 - the origin of wall clocks, which have no zone
_MICROSECOND = timedelta(microseconds=1)


class NamedOffset(tzinfo):
    """A fixed offset that carries the name of a zone which this machine cannot apply."""

    def __init__(self, name: str, offset_seconds: int) -> None:
        """Keep the name and the offset, in seconds east of UTC."""
        self._name = name
        self._offset_seconds = offset_seconds

    @property
    def key(self) -> str:
        """The zone's name, as in :attr:`zoneinfo.ZoneInfo.key`."""
        return self._name

    def utcoffset(self, _when: datetime | None, /) -> timedelta:
        """The offset that the datetime was written with."""
        return timedelta(seconds=self._offset_seconds)

    def dst(self, _when: datetime | None, /) -> None:
        """Unknown: the zone's rules are not here."""
        return

    def tzname(self, _when: datetime | None, /) -> str:
        """The zone's name."""
        return self._name

    def __reduce__(self) -> tuple[type["NamedOffset"], tuple[str, int]]:
        """Pickle and copy by value."""
        return NamedOffset, (self._name, self._offset_seconds)


def encode_datetime(value: datetime) -> bytes:
    """The payload of a datetime's extension.

    Raises:
        InvalidValue: no zone, or a kind of zone that could not be found again by name or offset.
    """
    offset = value.utcoffset()
    if offset is None:
        raise InvalidValue(
            "a datetime without a zone names no instant", hint="add one, such as datetime.now(UTC)"
        )
    if offset.microseconds:
        raise InvalidValue("a zone's offset must be whole seconds")
    wall = (value.replace(tzinfo=None) - _ORIGIN) // _MICROSECOND
    offset_seconds = offset.days * _DAY_SECONDS + offset.seconds
    name = _zone_name(value.tzinfo).encode("ascii")
    return wall.to_bytes(8, "big", signed=True) + offset_seconds.to_bytes(4, "big", signed=True) + name


def decode_datetime(payload: bytes) -> datetime:
    """The datetime of an extension's payload.

    Raises:
        ValueError: the payload is none.
    """
    if not _HEADER_BYTES <= len(payload) <= _HEADER_BYTES + _MAX_ZONE_BYTES:
        raise ValueError("a datetime has 12 to 76 bytes")
    wall_microseconds = int.from_bytes(payload[:8], "big", signed=True)
    offset_seconds = int.from_bytes(payload[8:_HEADER_BYTES], "big", signed=True)
    name = payload[_HEADER_BYTES:].decode("ascii")
    if abs(offset_seconds) >= _DAY_SECONDS:
        raise ValueError("an offset is less than a day")
    wall = _ORIGIN + timedelta(microseconds=wall_microseconds)
    if not name:
        return wall.replace(tzinfo=timezone(timedelta(seconds=offset_seconds)))
    if name == "UTC" and offset_seconds == 0:
        return wall.replace(tzinfo=UTC)
    return _in_zone(wall, name, offset_seconds)


def _zone_name(zone: tzinfo | None) -> str:
    if zone is UTC:
        return "UTC"
    if type(zone) is timezone:
        return ""
    if isinstance(zone, ZoneInfo | NamedOffset) and zone.key:
        if not zone.key.isascii() or len(zone.key) > _MAX_ZONE_BYTES:
            raise InvalidValue("a zone's name must be at most 64 ASCII characters")
        return zone.key
    kind = type(zone)
    raise InvalidValue(
        f"a zone of type {kind.__module__}.{kind.__qualname__} cannot be kept", hint="use zoneinfo.ZoneInfo"
    )


def _in_zone(wall: datetime, name: str, offset_seconds: int) -> datetime:
    zone = _zone(name)
    if zone is not None:
        for fold in (0, 1):
            candidate = wall.replace(tzinfo=zone, fold=fold)
            if candidate.utcoffset() == timedelta(seconds=offset_seconds):
                return candidate
    return wall.replace(tzinfo=NamedOffset(name, offset_seconds))


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError on some versions
        return None
    except KeyError:
        return None
