"""Applications are found by name, played under many seeds, and fail with their seed and their reason."""

import asyncio
import random
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from simulations.application import Application, Failed, load_application, play, play_kept
from simulations.kept_plans import Kept, kept_text
from simulations.plan import cut_short
from simulations.running import simulate
from simulations.scenarios.worlds import plan_of
from simulations.work import name_of
from syncore.codec.values import Value
from syncore.core.errors import Misused
from syncore.documents.changes import Counter, increment
from syncore.documents.resolvers import Candidate, Resolver
from syncore.engine.replica import Replica
from tests.simulations.small_plans import SMALL

HERE = __name__


class Entries(Application):
    """A total beside its entries, which always add up."""

    async def prepare(self, replica: Replica) -> None:
        """No entry yet."""
        await replica.collection("totals").insert({"sum": Counter(0)}, id="total")

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Make an entry and count it, together."""
        amount = draw.randint(1, 9)
        async with replica.transaction() as transaction:
            await transaction.insert("entries", {"amount": amount, "by": who})
            await transaction.update(("totals", "total"), sum=increment(amount))
        return f"adds {amount}"

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Whether it adds up everywhere."""
        found = []
        for name, replica in replicas.items():
            amounts = [int(str(one["amount"])) async for one in replica.collection("entries").find()]
            total = (await replica.collection("totals").get("total"))["sum"]
            if total != sum(amounts):
                found.append(f"{name} shows {total}")
        return found


def lowest(candidates: Sequence[Candidate]) -> Value:
    """The lowest price that somebody wrote."""
    return min(int(str(one.value)) for one in candidates)


class Prices(Application):
    """A price about which people disagree, settled by a function of the application's own."""

    resolvers: Sequence[Resolver] = (Resolver("lowest", 1, lowest),)

    async def prepare(self, replica: Replica) -> None:
        """One price, the rule for it, and what everybody has seen of it."""
        prices = replica.collection("prices")
        await prices.configure(fields={"price": Resolver("lowest", 1, lowest)})
        lamp = await prices.insert({"price": 1000}, id="lamp")
        await replica.collection("forms").insert({"token": lamp.token}, id="form")

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Set the price, having seen the first one only."""
        price = draw.randint(1, 999)
        form = await replica.collection("forms").get("form")
        await replica.collection("prices").update("lamp", price=price, seen=str(form["token"]))
        return f"{who} sets {price}"

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Whether everybody shows the lowest of what was written at once."""
        found = []
        for name, replica in replicas.items():
            prices = replica.collection("prices")
            shown = (await prices.get("lamp"))["price"]
            siblings = [int(str(one.value)) for one in await prices.siblings("lamp", "price")]
            if shown != min(siblings):
                found.append(f"{name} shows {shown} of {siblings}")
        return found


class Forgetful(Prices):
    """The same, but its programs are started without the function."""

    resolvers = ()


class Wrong(Entries):
    """The same, checked against something that is never true."""

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Never content."""
        return [f"{len(replicas)} devices are wrong"]


class Ambient(Entries):
    """An application that asks the world outside."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Use an id that no seed decides."""
        await replica.collection("entries").insert({"amount": 0}, id=str(uuid.uuid4()))
        return await super().act(replica, draw, who)


def test_a_good_application_passes_its_seeds() -> None:
    """One outcome for each, in order, with the application's acts."""
    outcomes = play(Entries(), range(1, 3), scenario="calm", devices=2, hours=0.2)
    assert [outcome.plan.seed for outcome in outcomes] == [1, 2]
    assert {(outcome.plan.devices, outcome.plan.hours) for outcome in outcomes} == {(2, 0.2)}
    assert all(outcome.acts > 10 for outcome in outcomes)
    assert all(outcome.checks["application"] for outcome in outcomes)


def test_an_applications_resolvers_are_those_of_its_programs() -> None:
    """They decide what is shown; without them the same world shows something else."""
    plan = cut_short(plan_of(1, "calm", devices=2), edits=30)
    assert simulate(plan, Prices()).has_passed
    found = [violation.what for violation in simulate(plan, Forgetful()).violations]
    assert len(found) == 2
    assert all(" shows " in what for what in found)


def test_a_failure_begins_with_its_seed() -> None:
    """What the application said, and the command that shows the rest."""
    with pytest.raises(Failed) as failed:
        play(Wrong(), [4], scenario="calm", devices=2)
    first, second, third, *_ = str(failed.value).splitlines()
    assert first.startswith("seed 4 (calm) FAILED: 2 devices")
    assert second == "  application: 2 devices are wrong"
    assert third.endswith(f"replay 4 --scenario calm --devices 2 --application {HERE}:Wrong")


def test_what_cannot_be_played_again_is_found_at_once() -> None:
    """An id, a clock or a number from outside makes a seed worthless, so the first one is played twice."""
    with pytest.raises(Failed, match="seed 1 of calm went differently"):
        play(Ambient(), [1], scenario="calm", devices=2, hours=0.2)


def test_kept_plans_are_played(tmp_path: Path) -> None:
    """All of a folder's, and a failure tells that its plan comes from a file."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(kept_text(Kept(plan=SMALL, found="something")))
    assert [outcome.plan for outcome in play_kept(Entries(), tmp_path)] == [SMALL, SMALL]
    with pytest.raises(Failed, match="replay --plan FILE"):
        play_kept(Wrong(), tmp_path)
    (tmp_path / "three.json").write_text("{}")
    with pytest.raises(Misused, match="no kept plan"):
        play_kept(Entries(), tmp_path)


def test_there_has_to_be_such_a_scenario() -> None:
    """The message says which there are."""
    with pytest.raises(Misused, match="no scenario 'storm'") as refused:
        play(Entries(), [1], scenario="storm")
    assert "mixture" in refused.value.hint


def test_applications_are_found_by_name() -> None:
    """As the command line and a failure write it."""
    assert name_of(Entries()) == f"{HERE}:Entries"
    assert load_application("simulations.work:Application").__class__ is Application


@pytest.mark.parametrize(
    "name",
    [
        "",
        "simulations.work",
        ":",
        ":Application",
        "nothing:Application",
        "simulations.work:Nothing",
        "json:dumps",
    ],
)
def test_what_names_no_application_is_misuse(name: str) -> None:
    """No module, no class, or a class of another kind."""
    with pytest.raises(Misused) as refused:
        load_application(name)
    assert refused.value.hint == "write module:Class"


async def test_an_application_that_says_nothing_is_content() -> None:
    """All of it may be left as it is."""
    assert await Application().check({}) == []


class Waiting(Entries):
    """An application that waits for something that never comes, in one place."""

    def __init__(self, where: str) -> None:
        """Wait in ``where``."""
        self.where = where

    async def _wait_in(self, where: str) -> None:
        if where == self.where:
            await asyncio.Event().wait()

    async def prepare(self, replica: Replica) -> None:
        """Perhaps never."""
        await self._wait_in("prepare")
        await super().prepare(replica)

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Perhaps never."""
        await self._wait_in("act")
        return await super().act(replica, draw, who)

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Perhaps never."""
        await self._wait_in("check")
        return await super().check(replicas)


class Mistaken(Entries):
    """The same, but its check returns something else than sentences."""

    def __init__(self, returned: object) -> None:
        """Return this."""
        self.returned = returned

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Return what no check returns."""
        del replicas
        return self.returned  # type: ignore[return-value]  # on purpose


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("prepare", "Overdue: has not returned for 2.0 virtual hours"),
        ("act", "act on d"),
        ("check", "check has not returned for 2.0 virtual hours"),
    ],
)
def test_what_never_returns_fails_the_run(where: str, told: str) -> None:
    """The run ends, and says what did not."""
    violations = simulate(SMALL, Waiting(where)).violations
    assert told in violations[0].what
    assert "has not returned for 2." in violations[0].what


@pytest.mark.parametrize("returned", [None, "bad", [1]])
def test_a_check_that_returns_no_sentences_is_told(returned: object) -> None:
    """Instead of an error from inside the simulation, or of a letter for each problem."""
    (violation,) = simulate(SMALL, Mistaken(returned)).violations
    assert "and returns a list of sentences" in violation.what


def test_nothing_to_play_is_misuse(tmp_path: Path) -> None:
    """A test that plays no seed, no plan or no application would prove nothing."""
    with pytest.raises(Misused, match="no seed"):
        play(Entries(), [])
    with pytest.raises(Misused, match="no plan is kept"):
        play_kept(Entries(), str(tmp_path))
    with pytest.raises(Misused, match=r"such as Shop\(\)"):
        play(Entries, [1])  # type: ignore[arg-type]  # on purpose
    with pytest.raises(Misused, match=r"such as Shop\(\)"):
        play_kept(Entries, tmp_path)  # type: ignore[arg-type]  # on purpose
