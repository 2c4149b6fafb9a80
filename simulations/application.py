"""Playing an application's own documents in the simulated world (``docs/simulations.md``).

An application says how it begins, what somebody does with it, and what has to hold when everything is calm.
The world does the rest: devices, network, disks, deaths, and everybody else's documents beside it.
"""

from collections.abc import Iterable
from importlib import import_module

from simulations.plan import Plan
from simulations.running import Outcome, simulate
from simulations.scenarios.worlds import DEFAULT, plan_of
from simulations.work import Application
from syncore.core.errors import Misused

__all__ = ["Application", "Failed", "load_application", "play"]


class Failed(AssertionError):
    """Something did not hold in a world; the message begins with its seed."""


def play(
    application: Application, seeds: Iterable[int], *, scenario: str = DEFAULT, plan: Plan | None = None
) -> list[Outcome]:
    """Play an application under many seeds, for use in a test.

    Args:
        application: A fresh object of it for every seed is not needed: it must keep nothing between worlds.
        seeds: The seeds.
        scenario: The world, by its name.
        plan: A plan to play instead of those that the seeds draw.

    Raises:
        Failed: in some world something did not hold.
    """
    outcomes = []
    for seed in seeds:
        outcome = simulate(plan or plan_of(seed, scenario), application)
        if not outcome.has_passed:
            told = "\n".join(f"  {one.checker}: {one.what}" for one in outcome.violations)
            raise Failed(f"seed {seed} of {scenario} failed:\n{told}")
        outcomes.append(outcome)
    return outcomes


def load_application(name: str) -> Application:
    """The application that ``module:Class`` names.

    Raises:
        Misused: there is no such module or class.
    """
    module, separator, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute) if separator else None
    except (ImportError, AttributeError) as error:
        raise Misused(f"{name} cannot be loaded: {error}", hint="write module:Class") from error
    if not isinstance(found, type) or not issubclass(found, Application):
        raise Misused(f"{name} is no simulations.application.Application", hint="write module:Class")
    return found()
