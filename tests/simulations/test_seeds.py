"""Every plan that once found something is played ever after."""

from pathlib import Path

import pytest

import simulations
from simulations.kept_plans import kept_files, read_kept
from simulations.reporting import summary
from simulations.running import simulate

FOLDER = Path(simulations.__path__[0]) / "seeds"


@pytest.mark.parametrize("name", [path.name for path in kept_files(FOLDER)])
def test_what_was_found_once_stays_mended(name: str) -> None:
    """The run passes now."""
    kept = read_kept(FOLDER / name)
    assert kept.found
    outcome = simulate(kept.plan)
    assert outcome.has_passed, summary(outcome)


def test_there_are_some() -> None:
    """The folder is where it is looked for."""
    assert kept_files(FOLDER)
