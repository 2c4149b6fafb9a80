"""Endings made by hand, good in every way unless a test makes something of them bad."""

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

from simulations.ending import Ending, Remains
from simulations.holding import Held, Place
from simulations.judging import judge
from simulations.ledger import Edit, Kind, Ledger
from simulations.workload import LISTING, SHARED_PLACES, TAGS, TALLY, TEXT

EMPTY: Mapping[Place, Mapping[str, object]] = {
    **{place: {} for place in SHARED_PLACES},
    TALLY: {"visits": 0, "votes": 0},
    TAGS: {"tags": frozenset[str]()},
    TEXT: {"text": ""},
    LISTING: {"items": []},
}
"""What the shared documents show before anybody writes."""


def held(
    values: Mapping[str, object],
    *,
    siblings: Mapping[str, Iterable[str]] | None = None,
    is_live: bool = True,
    digest: str = "",
    clocks: Mapping[int, int] | None = None,
) -> Held:
    """A document that shows these values; its registers are its texts and n, unless it is said otherwise."""
    registers = {
        name: [str(value)] for name, value in values.items() if isinstance(value, str) or name == "n"
    }
    found = registers if siblings is None else siblings
    return Held(
        token="token",
        is_live=is_live,
        siblings={name: frozenset(several) for name, several in found.items()},
        values=values,
        clocks=clocks or {},
        digest=digest,
    )


def shown(changes: Mapping[Place, Held] | None = None) -> dict[Place, Held]:
    """What a device shows: the empty shared documents, but for those that are given."""
    return {place: held(values) for place, values in EMPTY.items()} | dict(changes or {})


def device(
    changes: Mapping[Place, Held] | None = None,
    *,
    digest: str = "digest",
    found: Mapping[Place, Mapping[str, object] | None] | None = None,
    closed: Mapping[int, int] | None = None,
    secrets: Sequence[bytes] = (b"a key of a device",),
) -> Remains:
    """A device whose readers find what its states show, unless it is said otherwise."""
    documents = shown(changes)
    readable = {place: one.values if one.is_live else None for place, one in documents.items()}
    return Remains(
        digest=digest,
        held=documents,
        found=readable | dict(found or {}),
        closed=closed or {},
        secrets=secrets,
    )


def ending(*devices: Remains, ledger: Ledger | None = None, **columns: object) -> Ending:
    """The end of a world with these devices, or with two that hold nothing."""
    names = {f"d{number}": one for number, one in enumerate(devices or (device(), device()))}
    chosen: dict[str, object] = {"unsettled": [], "audits": {}, "relay_bytes": [], **columns}
    return Ending(ledger=ledger or Ledger(), devices=names, **chosen)  # type: ignore[arg-type]


def acknowledged(ledger: Ledger, kind: Kind, place: Place, **columns: object) -> Edit:
    """An edit whose call has returned."""
    edit = ledger.begin("d0", kind, place, **columns)  # type: ignore[arg-type]
    ledger.acknowledge(edit)
    return edit


def finds(checker: ModuleType, found: Ending) -> list[str]:
    """What a checker finds; no other one may find anything."""
    told: list[str] = [*checker.check(found)]
    _, violations = judge(found)
    assert {one.checker for one in violations} <= {checker.NAME}
    return told
