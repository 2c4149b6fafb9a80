"""How far documents were looked at: kept without loss, and who waits."""

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import DocumentKey
from syncore.replica.constraint_build import BuildStage, ConstraintBuild, decode_build, encode_build

BUILD = ConstraintBuild(collections=("a", "c"), until=9, total=7, place=DocumentKey("a", "m"), looked_at=3)


def test_a_build_is_kept_without_loss() -> None:
    """At its beginning, in the middle, and while documents are forgotten."""
    for build in (
        ConstraintBuild(collections=(), until=0, total=0),
        BUILD,
        ConstraintBuild(collections=("a",), until=2**40, total=1, stage=BuildStage.SWEEPING),
    ):
        assert decode_build(encode_build(build)) == build


def test_whatever_else_is_stored_is_damage() -> None:
    """Cut anywhere, or of another shape, it is told and not guessed at."""
    data = encode_build(BUILD)
    for end in range(len(data)):
        with pytest.raises(IntegrityError):
            decode_build(data[:end])
    with pytest.raises(IntegrityError):
        decode_build(data.replace(b"a", b"\xff"))


def test_who_waits() -> None:
    """Documents behind the place, of its collections, that were there when it began."""
    waiting = [("a", "n", 1), ("a", "m\0", 9), ("c", "", 1)]
    done = [("a", "m", 1), ("a", "a", 1), ("a", "n", 10), ("b", "z", 1), ("d", "a", 1)]
    for is_waiting, documents in ((True, waiting), (False, done)):
        for collection, id_, row in documents:
            assert BUILD.is_waiting(DocumentKey(collection, id_), row) is is_waiting
    sweeping = ConstraintBuild(collections=("a",), until=9, total=7, stage=BuildStage.SWEEPING)
    assert not sweeping.is_waiting(DocumentKey("a", "n"), 1)
