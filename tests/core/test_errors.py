"""Errors: one tree, drawn as it is."""

import re

import pytest

from syncore.core import errors
from syncore.core.errors import (
    DocumentExists,
    Malformed,
    Refused,
    RemoteError,
    SyncoreError,
)


def error_classes() -> dict[str, type[SyncoreError]]:
    """Every error of the module, by name."""
    return {
        name: member
        for name, member in vars(errors).items()
        if isinstance(member, type) and issubclass(member, SyncoreError)
    }


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """The drawing names every error once, under its parent."""
    assert errors.__doc__ is not None
    drawn = re.findall(r"^(?:    )?((?:│   |    )*)[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    parents = ["SyncoreError"]
    found = {"SyncoreError": "Exception"}
    for indent, name in drawn:
        depth = len(indent) // 4 + 1
        parents[depth:] = [name]
        found[name] = parents[depth - 1]
    assert found == {name: member.__mro__[1].__name__ for name, member in error_classes().items()}


@pytest.mark.parametrize("name", sorted(error_classes()))
def test_every_error_says_what_it_is_for(name: str) -> None:
    """Each has a docstring, and a message that reads with its hint."""
    kind = error_classes()[name]
    assert kind.__doc__
    made = (
        Refused("it happened", code="full", is_final=True, hint="do this")
        if kind is Refused
        else kind("it happened", hint="do this")
    )
    assert str(made) == "it happened (do this)"


def test_errors_carry_their_facts() -> None:
    """Programs read details, people the message and the default hint."""
    error = DocumentExists("there is one", key="k")
    assert error.details == {"key": "k"}
    assert str(error).startswith("there is one (use update()")
    assert str(Malformed("bad")) == "bad"


def test_a_refusal_says_whether_to_try_again() -> None:
    """The relay's code and its finality are attributes and details."""
    refused = Refused("no room", code="quota", is_final=False)
    assert (refused.code, refused.is_final) == ("quota", False)
    assert refused.details == {"code": "quota", "is_final": False}
    assert isinstance(refused, RemoteError)
