"""Playing an application's own documents in the simulated world (``docs/simulations.md``).

An application says how it begins, what somebody does with it, and what has to hold when everything is calm.
The world does the rest: devices, network, disks, deaths, and everybody else's documents beside it.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from simulations.kept_plans import kept_files, read_kept
from simulations.plan import Plan
from simulations.reporting import summary
from simulations.running import Outcome, simulate
from simulations.scenarios.worlds import DEFAULT, SCENARIOS, plan_of
from simulations.work import Application
from syncore.core.errors import Misused

__all__ = ["Application", "Failed", "load_application", "play", "play_kept"]


class Failed(AssertionError):
    """Something did not hold in a world; the message begins with its seed."""


def play(
    application: Application,
    seeds: Iterable[int],
    *,
    scenario: str = DEFAULT,
    devices: int | None = None,
    hours: float | None = None,
) -> list[Outcome]:
    """Play an application under many seeds, for use in a test.

    The first seed is played twice, to see that the application does the same both times: what a seed shows
    once could not be looked at again otherwise.

    Args:
        application: One object does for all seeds: it must keep nothing between worlds.
        seeds: The seeds.
        scenario: The world, by its name.
        devices: How many devices there are, if the seeds are not to decide it.
        hours: How long people use it, in virtual hours, if the seeds are not to decide it.

    Raises:
        Failed: in some world something did not hold, or the application cannot be played again.
        Misused: there is no such scenario, no seed, or no application.
    """
    _check_application(application)
    if scenario not in SCENARIOS:
        raise Misused(f"there is no scenario {scenario!r}", hint=f"take one of {', '.join(SCENARIOS)}")
    outcomes: list[Outcome] = []
    for seed in seeds:
        plan = plan_of(seed, scenario, devices=devices, hours=hours)
        outcome = _play(plan, application)
        if not outcomes and simulate(plan, application).trace.hash != outcome.trace.hash:
            raise Failed(
                f"seed {seed} of {scenario} went differently when it was played again: the application uses "
                "a clock, an id or a number that was not drawn, the order of a set, or keeps something"
            )
        outcomes.append(outcome)
    if not outcomes:
        raise Misused("there is no seed to play", hint="give some, such as seeds=range(1, 10)")
    return outcomes


def play_kept(application: Application, folder: str | Path) -> list[Outcome]:
    """Play an application under the plans that are kept in a folder, for use in a test.

    Raises:
        Failed: in some world something did not hold.
        Misused: a file in the folder is no kept plan, or there is none.
    """
    _check_application(application)
    files = kept_files(Path(folder))
    if not files:
        raise Misused(f"no plan is kept in {folder}", hint="shrink --keep FOLDER/NAME.json writes one")
    return [_play(read_kept(path).plan, application) for path in files]


def load_application(name: str) -> Application:
    """The application that ``module:Class`` names.

    Raises:
        Misused: there is no such module or class.
    """
    module, separator, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute) if separator else None
    except (ImportError, AttributeError, ValueError) as error:
        raise Misused(f"{name} cannot be loaded: {error}", hint="write module:Class") from error
    if not isinstance(found, type) or not issubclass(found, Application):
        raise Misused(f"{name} is no simulations.application.Application", hint="write module:Class")
    return found()


def _check_application(application: Application) -> None:
    if not isinstance(application, Application):
        raise Misused(f"{application!r} is no Application", hint="give an object, such as Shop()")


def _play(plan: Plan, application: Application) -> Outcome:
    outcome = simulate(plan, application)
    if not outcome.has_passed:
        raise Failed(summary(outcome))
    return outcome
