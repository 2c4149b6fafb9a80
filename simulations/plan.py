"""What one seed decides: how many devices there are, how much they write, and what goes wrong when.

Pure: a plan is drawn from its seed and can be stored, cut shorter, and played again.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum


class Fault(Enum):
    """What can go wrong in a world, under the name that tables show."""

    DELAY = "delay"
    LOSS = "loss"
    REORDERING = "reordering"
    DUPLICATION = "duplication"
    CORRUPTION = "corruption"
    HALF_OPEN = "half-open"
    PARTITION = "partition"
    ONE_WAY = "one-way partition"
    SLOW_READER = "slow reader"

    KILL = "device killed"
    POWER_CUT = "device power cut"
    DISK_FULL = "disk full"
    READ_ERROR = "read error"
    FLIPPED_BIT = "flipped bit"
    CLOCK_JUMP = "clock jump"
    CLOCK_DRIFT = "clock drift"
    RESTORED_FILE = "file restored"
    RESTORED_DISK = "file and keys restored"
    CLONE = "machine cloned"

    RELAY_KILL = "relay killed"
    RELAY_POWER_CUT = "relay power cut"
    RELAY_WIPED = "relay wiped"
    RELAY_RESTORED = "relay restored"
    RELAY_DROPS = "relay drops"
    RELAY_REORDERS = "relay reorders"
    RELAY_REPLAYS = "relay replays"
    RELAY_FORKS = "relay forks"
    RELAY_LIES = "relay lies about its head"

    GARBAGE = "member signs garbage"
    EQUIVOCATION = "member equivocates"
    UNSEEN_DOTS = "member names unseen dots"
    FUTURE_DELETED = "member deletes the future"
    FLOOD = "member floods"


NETWORK = tuple(fault for fault in Fault if fault.value in {
    "delay", "loss", "reordering", "duplication", "corruption", "half-open", "partition", "one-way partition",
    "slow reader",
})  # fmt: skip
DEVICE = (
    Fault.KILL, Fault.POWER_CUT, Fault.DISK_FULL, Fault.READ_ERROR, Fault.FLIPPED_BIT, Fault.CLOCK_JUMP,
    Fault.CLOCK_DRIFT, Fault.RESTORED_FILE, Fault.RESTORED_DISK, Fault.CLONE,
)  # fmt: skip
RELAY = tuple(fault for fault in Fault if fault.name.startswith("RELAY_"))
LYING = (
    Fault.RELAY_DROPS, Fault.RELAY_REORDERS, Fault.RELAY_REPLAYS, Fault.RELAY_FORKS, Fault.RELAY_LIES,
)  # fmt: skip
_LOSING = (Fault.RELAY_WIPED, Fault.RELAY_RESTORED, Fault.RELAY_FORKS)
MEMBER = (Fault.GARBAGE, Fault.EQUIVOCATION, Fault.UNSEEN_DOTS, Fault.FUTURE_DELETED, Fault.FLOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that goes wrong.

    Attributes:
        time_s: When, in virtual seconds from the moment when people begin to write.
        fault: What.
        device: At which device, by its number from 0; not meant where the fault is the relay's.
        duration_s: How long it lasts, where it lasts.
        seed: What its own details are drawn from.
    """

    time_s: float
    fault: Fault
    device: int
    duration_s: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        seed: What everything is drawn from that the plan does not say.
        scenario: The scenario that drew it.
        devices: How many devices there are when people begin.
        hours: How long people write, in virtual hours.
        edits: About how many edits they make together.
        session_s: How long a person has the program open at a time; None: always.
        absence_s: How long it stays closed then, about.
        happenings: What goes wrong, by time.
    """

    seed: int
    scenario: str
    devices: int
    hours: float
    edits: int
    session_s: float | None = None
    absence_s: float = 0.0
    happenings: tuple[Happening, ...] = ()

    @property
    def loses_log(self) -> bool:
        """Whether the relay's log is lost or forked in it, so that it may take what it has refused."""
        return any(one.fault in _LOSING for one in self.happenings)

    def without(self, happenings: Sequence[Happening]) -> "Plan":
        """The same plan in which these do not happen."""
        left_out = set(happenings)
        return replace(self, happenings=tuple(one for one in self.happenings if one not in left_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """What a scenario draws its plans from.

    Attributes:
        devices: Least and most devices.
        hours: Least and most virtual hours.
        edits: Least and most edits.
        happenings: Least and most happenings.
        weights: How likely each fault is; those that are not named do not occur.
        duration_s: Least and longest duration of what lasts.
        session_s: How long people have their programs open at a time; None: always.
        absence_s: How long they stay closed then, about.
    """

    devices: tuple[int, int]
    hours: tuple[float, float]
    edits: tuple[int, int]
    happenings: tuple[int, int]
    weights: Mapping[Fault, float]
    duration_s: tuple[float, float] = (30.0, 1800.0)
    session_s: float | None = None
    absence_s: float = 0.0


def draw_plan(seed: int, scenario: str, likelihood: Likelihood) -> Plan:
    """The plan of a seed."""
    draw = random.Random(f"plan/{scenario}/{seed}")
    devices = draw.randint(*likelihood.devices)
    hours = draw.uniform(*likelihood.hours)
    edits = draw.randint(*likelihood.edits)
    count = draw.randint(*likelihood.happenings) if likelihood.weights else 0
    weights = [*likelihood.weights.values()]
    faults = draw.choices([*likelihood.weights], weights, k=count) if count else []
    happenings = [
        Happening(
            time_s=draw.uniform(0, hours * 3600),
            fault=fault,
            device=draw.randrange(devices),
            duration_s=draw.uniform(*likelihood.duration_s),
            seed=draw.getrandbits(32),
        )
        for fault in faults
    ]
    return Plan(
        seed=seed,
        scenario=scenario,
        devices=devices,
        hours=hours,
        edits=edits,
        session_s=likelihood.session_s,
        absence_s=likelihood.absence_s,
        happenings=tuple(sorted(happenings, key=lambda one: (one.time_s, one.seed))),
    )


def shortened(plan: Plan, *, devices: int | None = None, edits: int | None = None) -> Plan:
    """The same plan with fewer devices or edits; what happened to devices that are gone does not happen."""
    count = plan.devices if devices is None else devices
    return replace(
        plan,
        devices=count,
        edits=plan.edits if edits is None else edits,
        happenings=tuple(one for one in plan.happenings if one.device < count),
    )


def cut_short(plan: Plan, *, edits: int) -> Plan:
    """The beginning of the same run: it goes as before, and ends when about so many edits were made."""
    hours = plan.hours * edits / plan.edits
    kept = tuple(one for one in plan.happenings if one.time_s <= hours * 3600)
    return replace(plan, hours=hours, edits=edits, happenings=kept)


def sooner(plan: Plan) -> Plan:
    """The same plan in which everything goes wrong in half the time."""
    return replace(plan, happenings=tuple(replace(one, time_s=one.time_s / 2) for one in plan.happenings))
