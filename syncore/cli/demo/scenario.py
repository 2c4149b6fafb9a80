"""What every device is going to write, from a seed alone.

Owns the plan: which edits there are, what they touch, and the marks by which each can be recognised wherever
it ends up (``«d1#17»``). Pure; must not know replicas or processes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from syncore.cli.demo.airports import COLLECTION
from syncore.cli.demo.draws import Draws

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Place(NamedTuple):
    """Where a document is."""

    collection: str
    id: str

    def __str__(self) -> str:
        """As a path."""
        return f"{self.collection}/{self.id}"


class WriteKind(Enum):
    """What a write does to its field."""

    REGISTER = "register"
    COUNTER = "counter"
    ADD = "add"
    REMOVE = "remove"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWrite:
    """A change of one field of one document.

    Attributes:
        value: The value, the amount, the element or the line; None where it follows from what is there.
        draw: Picks among what is there: the element to remove, the line to insert behind.
    """

    place: Place
    field: str
    kind: WriteKind
    value: Json = None
    draw: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEdit:
    """What one call, or one transaction over several documents, writes."""

    id: str
    writes: tuple[PlannedWrite, ...]

    @property
    def is_transaction(self) -> bool:
        """Whether it writes more than one document."""
        return len({write.place for write in self.writes}) > 1


SHARED_TEXT = Place("texts", "travellers")
TEXT_FIELD = "body"
HEADING = "What travellers say about the places where they had to wait\n"
PHRASES = (
    "the coffee outlives every connection",
    "somebody moved the gate again",
    "bring a blanket and a good book",
    "the windows look out on the sea",
    "all announcements come twice",
    "the last bus leaves before the last flight",
    "a quiet corner behind the chapel",
    "the bakery opens at half past four",
)
TAGS = "tags"
ROUTES = "routes"
VISITS = "visits"
REGISTERS = ("name", "city", "note")

_HOT_AIRPORTS = 12
_WARM_AIRPORTS = 150
_HOT_PERCENT = 70
_MAX_AMOUNT = 9
_DRAWN_PLACES = 1 << 30
_WEIGHTS = (
    (WriteKind.REGISTER, 50),
    (WriteKind.COUNTER, 12),
    (WriteKind.ADD, 9),
    (WriteKind.REMOVE, 4),
    (WriteKind.TEXT, 11),
    (None, 14),  # a transaction
)
_MARK = re.compile("«([^»]*)»")


def plan_edits(*, seed: int, device: str, count: int, airports: Sequence[str]) -> list[PlannedEdit]:
    """The edits of one device. All devices of a seed have the same few airports that most edits are for."""
    world = Draws(seed, "world")
    hot = world.sample(airports, _HOT_AIRPORTS)
    warm = world.sample(airports, _WARM_AIRPORTS)
    planner = _Planner(Draws(seed, device), hot, warm)
    return [planner.plan(f"{device}#{number}") for number in range(1, count + 1)]


def edit_of(value: Json) -> str | None:
    """The id of the edit that wrote a register's value; None if it was imported."""
    text = value.get("edit") if isinstance(value, dict) else value
    found = _MARK.search(text) if isinstance(text, str) else None
    return found.group(1) if found else None


def edits_in_text(text: str) -> list[str]:
    """The ids of the edits whose lines stand in a text, in order, as often as they stand there."""
    return _MARK.findall(text)


def insert_line(text: str, line: str, draw: int) -> str:
    """The text with a line more, behind one of its lines."""
    lines = text.splitlines(keepends=True)
    position = 1 + draw % len(lines) if lines else 0
    return "".join([*lines[:position], line, *lines[position:]])


def route_element(edit: str, places: Sequence[Place]) -> str:
    """What a transaction puts into a set of each of its airports: its id and all its documents."""
    return f"{edit}:{'+'.join(map(str, places))}"


def read_route_element(element: str) -> tuple[str, list[Place]]:
    """The id and the documents of a transaction."""
    edit, _, places = element.partition(":")
    return edit, [Place(*place.split("/", 1)) for place in places.split("+")]


class _Planner:
    def __init__(self, draws: Draws, hot: Sequence[str], warm: Sequence[str]) -> None:
        self._draws = draws
        self._hot = hot
        self._warm = warm

    def plan(self, edit: str) -> PlannedEdit:
        drawn = self._draws.below(sum(weight for _, weight in _WEIGHTS))
        for kind, weight in _WEIGHTS:
            drawn -= weight
            if drawn < 0:
                writes = self._transaction(edit) if kind is None else (self._write(edit, kind),)
                return PlannedEdit(id=edit, writes=writes)
        raise AssertionError

    def _write(self, edit: str, kind: WriteKind) -> PlannedWrite:
        match kind:
            case WriteKind.REGISTER:
                return self._register(edit, self._airport(), self._draws.pick(REGISTERS))
            case WriteKind.COUNTER:
                amount = 1 + self._draws.below(_MAX_AMOUNT)
                return PlannedWrite(place=self._airport(), field=VISITS, kind=kind, value=amount)
            case WriteKind.ADD:
                return PlannedWrite(place=self._airport(), field=TAGS, kind=kind, value=edit)
            case WriteKind.REMOVE:
                draw = self._draws.below(_DRAWN_PLACES)
                return PlannedWrite(place=self._airport(), field=TAGS, kind=kind, draw=draw)
            case WriteKind.TEXT:
                return self._line(edit)

    def _transaction(self, edit: str) -> tuple[PlannedWrite, ...]:
        codes = {self._airport().id for _ in range(2 + self._draws.below(3))}
        codes.add(self._draws.pick(self._hot))
        codes.add(self._draws.pick(self._warm))
        airports = [Place(COLLECTION, code) for code in sorted(codes)]
        lines = [self._line(edit)] if self._draws.below(3) == 0 else []
        element = route_element(edit, [*airports, *(line.place for line in lines)])
        writes = [
            PlannedWrite(place=place, field=ROUTES, kind=WriteKind.ADD, value=element) for place in airports
        ]
        writes += [self._register(edit, place, "operator") for place in airports]
        return (*writes, *lines)

    def _register(self, edit: str, place: Place, field: str) -> PlannedWrite:
        phrase = self._draws.pick(PHRASES)
        value: Json = f"{phrase} «{edit}»"
        if field == "note":
            value = {"edit": f"«{edit}»", "text": phrase, "stars": self._draws.below(6)}
        return PlannedWrite(place=place, field=field, kind=WriteKind.REGISTER, value=value)

    def _line(self, edit: str) -> PlannedWrite:
        line = f"«{edit}» {self._airport().id}: {self._draws.pick(PHRASES)}\n"
        draw = self._draws.below(_DRAWN_PLACES)
        return PlannedWrite(place=SHARED_TEXT, field=TEXT_FIELD, kind=WriteKind.TEXT, value=line, draw=draw)

    def _airport(self) -> Place:
        is_hot = self._draws.below(100) < _HOT_PERCENT
        return Place(COLLECTION, self._draws.pick(self._hot if is_hot else self._warm))
