"""Explanations: where what a field shows comes from, in whose hand, and by which rule it is shown.

Owns how that is told to programs and to people. Knows nothing of how it is found out
(:mod:`syncore.replica.explaining`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue

_SHORT_KEY = 16
"""Hexadecimal digits of a key or hash that are enough to tell two apart at a glance."""


class Evidence(Enum):
    """What vouches for a commit."""

    SIGNED = "signed"
    """A segment that is here carries it, and its author's signature holds; checked just now."""
    SEALED = "sealed"
    """The same, but the key that opens the segment is not here: what is inside was not compared."""
    PENDING = "pending"
    """It was made here and is not sent yet."""
    PRIVATE = "private"
    """It was made here, in a space that nobody else can see."""
    NOT_HELD = "not held"
    """The segment that carried it is not here any more; this file alone vouches for it."""
    NOT_CHECKED = "not checked"
    """More segments would have to be opened than one explanation opens."""
    WRONG = "wrong"
    """What is here contradicts it; the origin's ``problem`` says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One commit that wrote something, and how it came here.

    Attributes:
        device: The index of the device that made it, in the order of admission to the space.
        key: That device's public signing key in hexadecimal; None in a private space.
        invited_by: The index of the device whose invitation admitted it; None for the founder.
        admitted: When the relay accepted its admission; None for the founder.
        time: When it was made, by its device's clock; None where nothing here says.
        commit: Its number among the commits of one life of its author's file; None where nothing here says.
        arrived: When its segment arrived here, by this device's clock; None while it is pending. For one's
            own commits that is when the relay acknowledged them.
        segment: The hash of its segment in hexadecimal; None where none is here.
        position: The segment's place among those that are held here, in the order of their arrival.
        evidence: What vouches for it.
        problem: What is wrong; empty if nothing is.
    """

    device: int
    key: str | None
    invited_by: int | None
    admitted: datetime | None
    time: datetime | None
    commit: int | None
    arrived: datetime | None = None
    segment: str | None = None
    position: int | None = None
    evidence: Evidence
    problem: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether the relay has not acknowledged the commit."""
        return self.evidence is Evidence.PENDING

    def __str__(self) -> str:
        """Who, when, and what vouches for it, on one line."""
        words = [f"device {self.device}", *self._membership()]
        if self.time is not None:
            words.append(f"wrote it {_instant(self.time)}")
        if self.arrived is not None:
            words.append(f"here since {_instant(self.arrived)}")
        words.append(_EVIDENCE[self.evidence])
        if self.segment is not None:
            number = "?" if self.commit is None else self.commit
            words.append(f"commit {number}, segment {self.segment[:_SHORT_KEY]} at {self.position}")
        return ", ".join(words) + (f"; WRONG: {self.problem}" if self.problem else "")

    def _membership(self) -> list[str]:
        if self.key is None:
            return []
        admission = "who founded the space" if self.invited_by is None else f"invited by {self.invited_by}"
        if self.admitted is not None:
            admission += f" and admitted {_instant(self.admitted)}"
        return [f"key {self.key[:_SHORT_KEY]}", admission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of what a field holds: a register's value, a device's share of a counter, an element, a run.

    Attributes:
        value: The value, the amount, the element, the run of text, or the list of items; None for a deletion.
        device: The index of the device that wrote it.
        is_shown: Whether reads show it.
        origins: The commits that wrote it, oldest first: one, but for runs of text and items, and for shares
            of counters.
        unlisted: How many earlier commits of the device are not among them: of those that added to a share
            all but the newest, and those of which nothing here says whether they added to it.
        is_deletion: Whether it is a deletion of the document.
    """

    value: FieldValue
    device: int
    is_shown: bool
    origins: tuple[Origin, ...]
    unlisted: int = 0
    is_deletion: bool = False

    def __str__(self) -> str:
        """The value, then its origins: of many the first and the last ones."""
        return self.text()

    def text(self, show: Callable[[FieldValue], str] = repr) -> str:
        """The same with values as ``show`` has them."""
        mark = "*" if self.is_shown else " "
        lines = [f"      {origin}" for origin in self.origins]
        if len(lines) > _FEW:
            lines[_FEW // 2 : -_FEW // 2] = [f"      ... {len(lines) - _FEW} more commits ..."]
        if self.unlisted:
            lines.insert(0, f"      ... {self.unlisted} earlier commits that are not listed ...")
        what = "deleted" if self.is_deletion else show(self.value)
        return "\n".join([f"  {mark} {what}", *lines])


_FEW = 8
"""Commits of a part that people are shown; programs get all that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where what a field shows comes from, or why a document is not there.

    Attributes:
        collection: Where the document is.
        id: Its id.
        field: The field; None for the document itself, which is explained by its deletions.
        kind: What the field is; None for the document itself.
        value: What reads show; None for the document itself.
        rule: The name of the rule by which it is shown.
        reason: Why that rule gives this value.
        parts: What the field holds, shown first; what is not shown stands beside it.
        problems: What does not fit, as sentences; empty when all of it is vouched for as it should be.
    """

    collection: str
    id: str
    field: str | None
    kind: FieldKind | None
    value: FieldValue
    rule: str
    reason: str
    parts: tuple[Part, ...]
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        """All of it, for people; * marks what is shown."""
        return self.text()

    def text(self, show: Callable[[FieldValue], str] = repr) -> str:
        """The same with values as ``show`` has them."""
        place = f"{self.collection}/{self.id}"
        if self.kind is None:
            heading = [f"{place}: {self.reason}", f"  shown by {self.rule}"]
        else:
            heading = [
                f"{place} {self.field}: {show(self.value)}",
                f"  {self.kind.name.lower()}, shown by {self.rule}: {self.reason}",
            ]
        parts = (part.text(show) for part in self.parts)
        return "\n".join([*heading, *parts, *(f"  WRONG: {problem}" for problem in self.problems)])


_EVIDENCE = {
    Evidence.SIGNED: "signed: checked against the segment held here",
    Evidence.SEALED: "signed, but the key to look inside its segment is not here",
    Evidence.PENDING: "not sent yet, or not acknowledged",
    Evidence.PRIVATE: "in a private space, which this file alone vouches for",
    Evidence.NOT_HELD: "its segment is not here any more: this file alone vouches for it",
    Evidence.NOT_CHECKED: "not checked: too many segments for one explanation",
    Evidence.WRONG: "not vouched for",
}


def problems_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """What is wrong with the origins of parts, each said once."""
    found = (origin.problem for part in parts for origin in part.origins if origin.problem)
    return tuple(dict.fromkeys(found))


def _instant(time: datetime) -> str:
    return time.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00") + "Z"
