"""Tests of syncore.replica.intents."""

from dataclasses import replace

from syncore.replica.intents import Intent, Verb
from tests.documents.worlds import KEY


def test_an_intent_says_no_more_than_it_was_given() -> None:
    """Without changes it changes nothing; without a token it means what is visible, not what nobody saw."""
    intent = Intent(verb=Verb.DELETE, key=KEY)
    assert (intent.changes, intent.seen) == ({}, None)
    assert intent != replace(intent, seen={})
    assert intent.changes is not Intent(verb=Verb.DELETE, key=KEY).changes


def test_there_are_six_verbs() -> None:
    """Whoever plans intents knows all of them."""
    assert list(Verb) == [
        *(Verb.INSERT, Verb.UPDATE, Verb.DELETE),
        *(Verb.PUT, Verb.KEEP, Verb.CONFIRM_DELETION),
    ]
