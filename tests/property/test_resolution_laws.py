"""Laws of resolution: order and process do not matter, nothing raises, and state never depends on it."""

import os
import random
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.codec.values import Value, encode_value
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.core.vectors import covers
from syncore.documents.descent import Ancestor
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.record import Record, Sibling
from syncore.documents.resolution import ResolutionContext
from syncore.documents.resolvers import Candidate
from syncore.documents.rules import (
    Authority,
    CollectionRules,
    DeletionRule,
    ResolverName,
    Rule,
    Strategy,
    Unreadable,
)
from syncore.documents.strategies import resolve
from tests.documents.histories import FIELDS
from tests.documents.value_strategies import VALUES
from tests.documents.worlds import KEY, writer
from tests.property.test_record_laws import World, seeds

ROOT = Path(__file__).resolve().parents[2]
RULES: list[Rule] = [
    *Strategy,
    Authority(["FINAL", "SAFE"]),
    *(ResolverName(name, 1) for name in ("first", "fails", "wrong", "missing")),
    Unreadable("'median'"),
]


def first_of(candidates: list[Candidate]) -> Value:
    """A resolver whose answer shows in which order it was given the values."""
    return candidates[0].value


CONTEXT = ResolutionContext(
    floor_ms={DeviceIndex(2): 1},
    resolvers={
        ResolverName("first", 1): first_of,  # type: ignore[dict-item]
        ResolverName("fails", 1): lambda given: given["x"],  # type: ignore[call-overload]
        ResolverName("wrong", 1): lambda _: (1, 2),  # type: ignore[dict-item, return-value]
    },
)
TEXTS = st.text("ab .é", max_size=8)
ANCESTORS = st.lists(st.builds(Ancestor, st.just(Dot(writer(9), 1)), TEXTS), max_size=2, unique=True).map(
    tuple
)
SIBLINGS = st.lists(
    st.builds(
        Sibling,
        st.builds(Dot, st.integers(1, 4).map(writer), st.integers(1, 3)),
        (VALUES | TEXTS).map(encode_value),
        st.integers(0, 2**63 - 1).map(HybridTime),
        st.sampled_from(["", "FINAL", "SAFE", "other"]),
        ANCESTORS,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda sibling: sibling.dot,
)


@settings(max_examples=400)
@given(SIBLINGS, st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_no_rule_depends_on_the_order_of_arrival(
    siblings: list[Sibling], rule: Rule, order: random.Random
) -> None:
    """However siblings came, every rule comes to the same verdict."""
    arrived = [*siblings]
    order.shuffle(arrived)
    found = [register_of(siblings), register_of(arrived)]
    one, other = (resolve(register, rule, CONTEXT) for register in found)
    assert encode_value(one.value) == encode_value(other.value)
    assert (one.winners, one.is_settled, one.problem) == (other.winners, other.is_settled, other.problem)
    assert set(one.winners) <= {sibling.dot for sibling in siblings}


def register_of(siblings: list[Sibling]) -> tuple[Sibling, ...]:
    """A register as a record holds it that took in these siblings in this order."""
    record = Record()
    for sibling in siblings:
        record.registers["f"] = tuple(sorted([*record.registers.get("f", ()), sibling]))
    return record.registers["f"]


@given(SIBLINGS)
def test_rules_choose_among_what_was_written(siblings: list[Sibling]) -> None:
    """All rules but those that make a value of several show one that somebody wrote."""
    register = register_of(siblings)
    for rule in (
        Strategy.LAST_WRITE,
        Strategy.FIRST_WRITE,
        Strategy.MAX,
        Strategy.MIN,
        Strategy.ASK,
        RULES[-6],
    ):
        shown = encode_value(resolve(register, rule, CONTEXT).value)
        assert shown in {sibling.value for sibling in siblings}


def rules_of(source: random.Random) -> CollectionRules:
    """Settings for the fields of the histories, drawn at random."""
    fields = {name: source.choice(RULES) for name in FIELDS}
    return CollectionRules(fields=fields, deletion=source.choice(list(DeletionRule)))


@given(seeds, st.integers(5, 40))
def test_replicas_with_the_same_settings_show_the_same(seed: int, steps: int) -> None:
    """Whatever the rules and in whatever order everything came, projections are equal, and so are digests."""
    world = World(seed)
    context = ResolutionContext(
        rules={KEY.collection: rules_of(random.Random(seed))}, resolvers=CONTEXT.resolvers
    )
    for device in world.devices:
        device.context = context
    world.run(steps)
    devices = world.settle()
    assert len({encode_projection(device.document.project(context)) for device in devices}) == 1
    assert len({device.document.digest() for device in devices}) == 1


@given(seeds, st.integers(5, 40))
def test_digests_do_not_depend_on_rules(seed: int, steps: int) -> None:
    """However a document is shown, its state is the same."""
    world = World(seed)
    world.run(steps)
    document = world.settle()[0].document
    digest = document.digest()
    for number in range(3):
        context = ResolutionContext(rules={KEY.collection: rules_of(random.Random(seed + number))})
        document.project(context)
        assert document.digest() == digest


@given(seeds, st.integers(5, 40))
def test_a_document_is_contested_whatever_its_rules(seed: int, steps: int) -> None:
    """Rules say how far a contest is settled, never whether there is one: the index relies on that."""
    world = World(seed)
    world.run(steps)
    document = world.settle()[0].document
    plain = document.project()
    for number in range(4):
        rules = rules_of(random.Random(seed + number))
        found = document.project(ResolutionContext(rules={KEY.collection: rules}))
        assert bool(found.contest) == bool(plain.contest)
        if not plain.contest:
            assert encode_projection(found) == encode_projection(plain)


@given(seeds, st.integers(5, 30))
def test_a_choice_supersedes_what_was_seen_and_nothing_else(seed: int, steps: int) -> None:
    """Of a register, the siblings that the chooser had seen are gone, and those that came meanwhile stay."""
    world = World(seed)
    world.run(steps)
    chooser = world.devices[0]
    seen = dict(chooser.document.record.vector)
    chooser.catch_up(world.history, world.source)
    shown, record = chooser.projected(), chooser.document.record
    names = [name for name in record.registers if name in shown.values and name not in shown.kinds]
    unseen = {
        name: {one.dot for one in record.registers[name] if not covers(seen, one.dot)} for name in names
    }
    if names:
        sent = chooser.write(lambda plan: plan.update(dict.fromkeys(names, "chosen"), seen=seen))
        for name in names:
            left = {one.dot for one in chooser.document.record.registers[name]}
            assert left == unseen[name] | {sent.dot}


PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from tests.property.test_resolution_laws import *
world = World({seed})
world.run(40)
document = world.settle()[0].document
for number in range(6):
    rules = {{KEY.collection: rules_of(random.Random(number))}}
    context = ResolutionContext(rules=rules, resolvers=CONTEXT.resolvers)
    print(encode_projection(document.project(context)).hex())
print(document.digest().hex())
"""


def test_every_process_resolves_alike() -> None:
    """Hash seeds, which order sets and dicts of other processes otherwise, do not show."""
    for seed in (3, 4):
        program = PROGRAM.format(root=str(ROOT), seed=seed)
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
            ).stdout
            for hash_seed in ("1", "2")
        }
        assert len(outputs) == 1
