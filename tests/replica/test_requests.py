"""Tests of syncore.replica.requests."""

from syncore.core.errors import DiskFull
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import Durability
from syncore.documents.document import Document
from syncore.replica.intents import Intent, Verb
from syncore.replica.requests import CommitRequest
from tests.documents.worlds import KEY, writer


def request_of(key: DocumentKey = KEY) -> CommitRequest:
    """A transaction that inserts a document."""
    return CommitRequest(1, (Intent(verb=Verb.INSERT, key=key),), Durability.NORMAL)


def test_a_request_waits_until_it_was_dealt_with_either_way() -> None:
    """A fresh request is not done; its projections end the waiting, and so does its failure."""
    made, failed, waiting = request_of(), request_of(), request_of()
    made.projections = {KEY: Document(KEY, writer=writer(1)).project()}
    failed.failure = DiskFull("no room")
    assert (made.is_done, failed.is_done, waiting.is_done) == (True, True, False)


def test_a_commit_that_shows_nothing_is_made_all_the_same() -> None:
    """Whether a request is done does not depend on how many documents its commit left."""
    request = request_of()
    request.projections = {}
    assert request.is_done


def test_requests_share_no_plans() -> None:
    """What is prepared for one request is not prepared for the next."""
    one, other = request_of(), request_of()
    assert one.prepared == other.prepared == {}
    assert one.prepared is not other.prepared
