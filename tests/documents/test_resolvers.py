"""The application's own resolvers: registered once, and harmless whatever they do."""

from asyncio import CancelledError
from datetime import UTC, datetime

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import Misused
from syncore.documents.resolvers import Candidate, Resolver, ResolverFailure, registry, run_resolver
from syncore.documents.rules import ResolverName

CANDIDATES = [
    Candidate(value=value, device=1, time=datetime(2024, 1, 1, tzinfo=UTC), label="") for value in (1, 2)
]


class Unspeakable(Exception):
    """An exception that fails to say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


def test_resolvers_are_known_by_name_and_version() -> None:
    """Another version is another resolver, and one is not registered twice."""
    one, two = Resolver("sum", 1, len), Resolver("sum", 2, len)
    assert registry([one, two]) == {ResolverName("sum", 1): len, ResolverName("sum", 2): len}
    for wrong in ([one, one], [len]):
        with pytest.raises(Misused):
            registry(wrong)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize(
    ("name", "version", "function"),
    [
        ("", 1, len),
        ("a\n", 1, len),
        (1, 1, len),
        ("a", 0, len),
        ("a", True, len),
        ("a", 2**63, len),
        ("a", 1, 1),
    ],
)
def test_settings_must_be_able_to_name_it(name: str, version: int, function: object) -> None:
    """Names are names, versions count from 1, and a function can be called."""
    with pytest.raises(Misused):
        Resolver(name, version, function)  # type: ignore[arg-type]  # what is tested


def test_what_a_resolver_returns_is_encoded() -> None:
    """The value to show comes back as it would be kept."""
    assert run_resolver(lambda given: sum(one.value for one in given), CANDIDATES) == encode_value(3)  # type: ignore[misc]


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("no such day"),
        RecursionError(),
        Unspeakable(),
        MemoryError(),
        CancelledError(),
        GeneratorExit(),
    ],
)
def test_what_a_resolver_raises_costs_only_its_say(raised: BaseException) -> None:
    """The failure says what was raised, as far as that can be said."""

    def fail(_: object) -> None:
        raise raised

    failure = run_resolver(fail, CANDIDATES)
    assert isinstance(failure, ResolverFailure)
    assert type(raised).__name__ in failure.text


@pytest.mark.parametrize("value", [(1, 2), {1}, object(), "x" * 600_000, datetime(2024, 1, 1)], ids=type)  # noqa: DTZ001 - refused
def test_what_cannot_be_kept_is_not_shown(value: object) -> None:
    """A resolver returns what a register can hold."""
    failure = run_resolver(lambda _: value, CANDIDATES)  # type: ignore[arg-type, return-value]
    assert isinstance(failure, ResolverFailure)
    assert len(failure.text) < 300
