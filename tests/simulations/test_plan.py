"""A plan follows from its seed, and can be cut in several ways."""

from hypothesis import given
from hypothesis import strategies as st

from simulations.plan import (
    DEVICE,
    MEMBER,
    NETWORK,
    RELAY,
    Fault,
    Happening,
    Likelihood,
    Plan,
    cut_short,
    draw_plan,
    shortened,
    sooner,
)

LIKELIHOOD = Likelihood(
    devices=(2, 5),
    hours=(1, 3),
    edits=(10, 20),
    happenings=(0, 12),
    weights={Fault.KILL: 3, Fault.LOSS: 1, Fault.CLONE: 0},
    duration_s=(5, 50),
)


def happening(time_s: float, device: int = 0, fault: Fault = Fault.KILL) -> Happening:
    """Something that goes wrong at a time."""
    return Happening(time_s=time_s, fault=fault, device=device, duration_s=10.0, seed=1)


def plan_with(*happenings: Happening) -> Plan:
    """A plan of an hour, three devices and a hundred edits."""
    return Plan(seed=1, scenario="calm", devices=3, hours=1.0, edits=100, happenings=happenings)


@given(seed=st.integers(min_value=0, max_value=2**31))
def test_a_plan_is_its_seeds_and_within_its_likelihood(seed: int) -> None:
    """The same seed draws the same plan, and nothing lies outside what the scenario allows."""
    plan = draw_plan(seed, "name", LIKELIHOOD)
    assert plan == draw_plan(seed, "name", LIKELIHOOD)
    assert (plan.seed, plan.scenario) == (seed, "name")
    assert 2 <= plan.devices <= 5
    assert 1 <= plan.hours <= 3
    assert 10 <= plan.edits <= 20
    assert len(plan.happenings) <= 12
    assert [one.time_s for one in plan.happenings] == sorted(one.time_s for one in plan.happenings)
    for one in plan.happenings:
        assert one.fault in {Fault.KILL, Fault.LOSS}
        assert 0 <= one.time_s <= plan.hours * 3600
        assert one.device in range(plan.devices)
        assert 5 <= one.duration_s <= 50


def test_scenarios_draw_differently() -> None:
    """The scenario's name is part of the seed."""
    assert draw_plan(1, "one", LIKELIHOOD).happenings != draw_plan(1, "other", LIKELIHOOD).happenings


def test_nothing_goes_wrong_where_nothing_is_likely() -> None:
    """A scenario without weights has no happenings, whatever their number."""
    calm = Likelihood(devices=(1, 1), hours=(1, 1), edits=(1, 1), happenings=(3, 3), weights={})
    assert draw_plan(1, "calm", calm).happenings == ()


def test_every_fault_is_of_one_kind() -> None:
    """Network, device, relay and member share the faults out among them."""
    groups = (NETWORK, DEVICE, RELAY, MEMBER)
    assert sorted(fault.value for group in groups for fault in group) == sorted(one.value for one in Fault)


def test_leaving_happenings_out() -> None:
    """The rest stays as it is."""
    one, two, three = happening(1), happening(2), happening(3)
    assert plan_with(one, two, three).without([two]) == plan_with(one, three)


def test_fewer_devices_have_fewer_happenings() -> None:
    """What happens to a device that is gone does not happen; fewer edits change nothing else."""
    plan = plan_with(happening(1, device=0), happening(2, device=2))
    assert shortened(plan, devices=2).happenings == plan.happenings[:1]
    assert shortened(plan, edits=10).happenings == plan.happenings
    assert (shortened(plan, devices=2).devices, shortened(plan, edits=10).edits) == (2, 10)


def test_a_plan_that_is_cut_short_is_a_beginning() -> None:
    """Edits come as quickly as before, and nothing happens after the end."""
    plan = plan_with(happening(900), happening(901), happening(2000))
    cut = cut_short(plan, edits=25)
    assert (cut.hours, cut.edits) == (0.25, 25)
    assert cut.happenings == plan.happenings[:1]


def test_everything_can_come_sooner() -> None:
    """Happenings keep their order and their length."""
    assert sooner(plan_with(happening(100), happening(300))).happenings == (happening(50), happening(150))
