"""Tests of syncore.replica.intents."""

from dataclasses import FrozenInstanceError, replace

import pytest

from syncore.replica.intents import Intent, Verb
from tests.documents.worlds import KEY, writer


def test_an_intent_says_no_more_than_it_was_given() -> None:
    """Without changes it changes nothing; without a token it means what is visible, not what nobody saw."""
    intent = Intent(verb=Verb.DELETE, key=KEY)
    assert (intent.changes, intent.seen) == ({}, None)
    assert intent != replace(intent, seen={})
    assert intent.changes is not Intent(verb=Verb.DELETE, key=KEY).changes


def test_intents_wait_unchanged() -> None:
    """An intent cannot be changed while it waits for its commit."""
    intent = Intent(verb=Verb.UPDATE, key=KEY, changes={"title": "a"}, seen={writer(1): 2})
    with pytest.raises(FrozenInstanceError):
        intent.verb = Verb.DELETE  # type: ignore[misc]
    assert intent == Intent(verb=Verb.UPDATE, key=KEY, changes={"title": "a"}, seen={writer(1): 2})


def test_there_are_six_verbs() -> None:
    """Whoever plans intents knows all of them."""
    assert list(Verb) == [
        *(Verb.INSERT, Verb.UPDATE, Verb.DELETE),
        *(Verb.PUT, Verb.KEEP, Verb.CONFIRM_DELETION),
    ]
