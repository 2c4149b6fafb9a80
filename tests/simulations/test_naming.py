"""Constraints in the simulated world: they hold under faults, and the checker sees a mistake."""

from collections.abc import Callable, Iterator

import pytest

from simulations.application import play
from simulations.naming import Naming
from simulations.planted.planting import Change, Planted, planted
from simulations.running import simulate
from simulations.scenarios.worlds import plan_of
from syncore.constraints.facts import Claimant
from syncore.core.references import OnDelete
from syncore.replica.constraining import SqlGround


@pytest.mark.parametrize("rules", [(), *((rule,) for rule in OnDelete), tuple(OnDelete)])
def test_each_rule_holds_under_faults(rules: tuple[OnDelete, ...]) -> None:
    """Unique values alone, and with references of each kind, and of all kinds."""
    (outcome,) = play(Naming(rules), [3 + len(rules)], hours=0.5)
    assert outcome.has_passed


def test_code_that_lets_the_latest_claim_win_is_caught() -> None:
    """Where whoever comes last takes a name over, devices note something else than evaluation finds."""

    def wrong(right: Callable[..., Iterator[Claimant]]) -> Callable[..., Iterator[Claimant]]:
        return lambda *arguments: iter([*right(*arguments)][1:])

    fault = Planted(
        name="holder overlooked",
        about="who has a value is not asked when somebody else claims it",
        changes=(Change(owner=SqlGround, attribute="claimants", replacement=wrong),),
    )
    plan = plan_of(3, "mixture", hours=0.5)
    assert simulate(plan, Naming()).has_passed
    with planted(fault):
        violations = simulate(plan, Naming()).violations
    assert any("evaluation finds" in one.what for one in violations), violations
