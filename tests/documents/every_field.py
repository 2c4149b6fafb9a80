"""A document with a field of every kind, and how tests write to it."""

from datetime import date
from decimal import Decimal

from syncore.documents.changes import Counter, List, Text
from syncore.documents.entries import RecordEntry, RichEntry
from tests.documents.worlds import Device, writer

EVERYTHING = {
    "title": "Alien",
    "gross": Decimal("1.50"),
    "votes": Counter(3),
    "review": Text("a naïve 🎬"),
    "cast": List(["Ripley", 2]),
    "tags": {"horror", 7, date(1979, 5, 25)},
}
SHOWN = {
    "cast": ["Ripley", 2],
    "gross": Decimal("1.50"),
    "review": "a naïve 🎬",
    "tags": frozenset({"horror", 7, date(1979, 5, 25)}),
    "title": "Alien",
    "votes": 3,
}


def device_with(**fields: object) -> Device:
    """A device whose document holds these fields."""
    device = Device(writer(1))
    device.write(lambda plan: plan.insert(fields))
    return device


def values(device: Device) -> dict[str, object]:
    """What the document shows."""
    return dict(device.document.project().values)


def update(device: Device, **changes: object) -> list[RecordEntry | RichEntry]:
    """Write, and the entries that came of it."""
    return device.write(lambda plan: plan.update(changes)).decoded()
