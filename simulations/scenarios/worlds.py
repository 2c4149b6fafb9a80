"""The scenarios: each a sentence that says whom it is about, and what its plans are drawn from."""

from dataclasses import dataclass, replace

from simulations.plan import DEVICE, LYING, MEMBER, NETWORK, RELAY, Fault, Likelihood, Plan, draw_plan

DEFAULT = "mixture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of world.

    Attributes:
        about: Whom it is about, in one sentence.
        likelihood: What its plans are drawn from.
    """

    about: str
    likelihood: Likelihood


SCENARIOS = {
    "mixture": Scenario(
        about="A few devices, a few hours, and everything that can go wrong.",
        likelihood=Likelihood(
            devices=(2, 4),
            hours=(0.5, 3),
            edits=(190, 260),
            happenings=(5, 10),
            weights=dict.fromkeys((*NETWORK, *DEVICE, *RELAY, *MEMBER), 1.0),
        ),
    ),
    "calm": Scenario(
        about="Nothing goes wrong; what fails here fails everywhere.",
        likelihood=Likelihood(devices=(3, 3), hours=(1, 1), edits=(200, 200), happenings=(0, 0), weights={}),
    ),
    "commuter": Scenario(
        about="Somebody's laptop, telephone and desk computer: tunnels, flat batteries, closed lids.",
        likelihood=Likelihood(
            devices=(3, 3),
            hours=(24, 72),
            edits=(150, 300),
            happenings=(20, 40),
            weights={
                Fault.PARTITION: 8, Fault.HALF_OPEN: 4, Fault.LOSS: 3, Fault.DELAY: 3, Fault.POWER_CUT: 2,
                Fault.KILL: 4, Fault.CLOCK_JUMP: 1,
            },
            duration_s=(60, 4 * 3600),
        ),
    ),
    "ship": Scenario(
        about="A ship that is out of reach for most of a year, and a log that is kept every few days.",
        likelihood=Likelihood(
            devices=(3, 4),
            hours=(8000, 8760),
            edits=(300, 500),
            happenings=(6, 12),
            weights={Fault.PARTITION: 6, Fault.CLOCK_DRIFT: 2, Fault.KILL: 2, Fault.RELAY_KILL: 2},
            duration_s=(60 * 86_400, 200 * 86_400),
            session_s=1200,
            absence_s=2 * 86_400,
        ),
    ),
    "field-team": Scenario(
        about="A team in the hills whose radio loses, delays and repeats most of what they send.",
        likelihood=Likelihood(
            devices=(4, 8),
            hours=(4, 12),
            edits=(200, 400),
            happenings=(25, 50),
            weights=dict.fromkeys(NETWORK, 1.0),
            duration_s=(300, 7200),
        ),
    ),
    "crowd": Scenario(
        about="Five hundred devices in one space.",
        likelihood=Likelihood(
            devices=(500, 500),
            hours=(2, 2),
            edits=(600, 600),
            happenings=(10, 20),
            weights={Fault.PARTITION: 2, Fault.KILL: 2, Fault.RELAY_KILL: 2, Fault.LOSS: 1},
        ),
    ),
    "bad-power": Scenario(
        about="A house whose power fails every hour, the relay's too.",
        likelihood=Likelihood(
            devices=(2, 4),
            hours=(2, 5),
            edits=(190, 260),
            happenings=(8, 14),
            weights={
                Fault.POWER_CUT: 6, Fault.RELAY_POWER_CUT: 2, Fault.KILL: 1, Fault.PARTITION: 2,
                Fault.DISK_FULL: 1,
            },
        ),
    ),
    "hostile": Scenario(
        about="A space with members who cheat, at a relay that loses its log, forks it, and lies.",
        likelihood=Likelihood(
            devices=(2, 4),
            hours=(0.5, 1),
            edits=(60, 120),
            happenings=(4, 7),
            weights={**dict.fromkeys((*MEMBER, *LYING), 1.0), Fault.RELAY_WIPED: 0.5},
            duration_s=(30, 300),
        ),
    ),
    "lost-disk": Scenario(
        about="The relay's disk breaks, or its operator puts an old copy back.",
        likelihood=Likelihood(
            devices=(3, 5),
            hours=(2, 8),
            edits=(150, 300),
            happenings=(3, 6),
            weights={
                Fault.RELAY_WIPED: 4, Fault.RELAY_RESTORED: 4, Fault.RELAY_POWER_CUT: 1, Fault.PARTITION: 2,
                Fault.KILL: 1,
            },
        ),
    ),
    "last-months-copy": Scenario(
        about="Somebody puts last month's copy of the file back, with its keys or without.",
        likelihood=Likelihood(
            devices=(2, 4),
            hours=(200, 700),
            edits=(150, 300),
            happenings=(3, 8),
            weights={
                Fault.RESTORED_FILE: 4, Fault.RESTORED_DISK: 4, Fault.PARTITION: 2, Fault.POWER_CUT: 1,
            },
            duration_s=(3600, 3 * 86_400),
            session_s=1800,
            absence_s=86_400,
        ),
    ),
    "cloned-machine": Scenario(
        about="A virtual machine is cloned, and both go on under one name.",
        likelihood=Likelihood(
            devices=(2, 3),
            hours=(1, 4),
            edits=(150, 300),
            happenings=(3, 6),
            weights={Fault.CLONE: 4, Fault.PARTITION: 2, Fault.KILL: 1, Fault.RELAY_KILL: 1},
        ),
    ),
}  # fmt: skip


def plan_of(
    seed: int, name: str = DEFAULT, *, devices: int | None = None, hours: float | None = None
) -> Plan:
    """The plan of a seed in a scenario, with another number of devices or hours if they are given.

    Raises:
        KeyError: there is no such scenario.
    """
    likelihood = SCENARIOS[name].likelihood
    if devices is not None:
        likelihood = replace(likelihood, devices=(devices, devices))
    if hours is not None:
        likelihood = replace(likelihood, hours=(hours, hours))
    return draw_plan(seed, name, likelihood)
