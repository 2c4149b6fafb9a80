"""Rows of invitation slots."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.schema import SCHEMA
from relay.slot_rows import Slot, delete_slots, put_slot, read_slot
from syncore.adapters.sqlite_connection import SqliteConnection
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId

SPACE, OTHER = SpaceId(b"s" * 32), SpaceId(b"o" * 32)


@pytest.fixture
def sql() -> Iterator[SqliteConnection]:
    """A transaction on a store with two spaces."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute("BEGIN")
    for space in (SPACE, OTHER):
        connection.execute(
            "INSERT INTO spaces (space, generation, head, running, size, seal)"
            " VALUES (?, x'', 0, x'', 0, x'')",
            (space,),
        )
    yield SqliteConnection(connection)
    connection.close()


def slot(name: str, space: SpaceId = SPACE) -> Slot:
    """A slot of an invitation."""
    return Slot(
        invitation=name.encode().ljust(16, b"."),
        space=space,
        signing_key=b"k" * 32,
        expires_ms=1_000,
        sealed=b"sealed",
    )


def test_a_slot_comes_back_as_it_was_put(sql: SqliteConnection) -> None:
    """A slot is found by its invitation, with its space; what was never put is not there."""
    for one in (slot("a"), slot("b", OTHER), replace(slot("c"), sealed=b"", expires_ms=2**47)):
        assert put_slot(sql, one, max_slots=9)
        assert read_slot(sql, one.invitation) == one
    assert read_slot(sql, b"unknown") is None


def test_a_slot_is_replaced_by_its_own_space_alone(sql: SqliteConnection) -> None:
    """Putting again replaces, also in a full space; another space cannot take an invitation's name."""
    assert put_slot(sql, slot("a"), max_slots=1)
    renewed = replace(slot("a"), sealed=b"renewed", expires_ms=2_000)
    assert put_slot(sql, renewed, max_slots=1)
    assert not put_slot(sql, slot("a", OTHER), max_slots=9)
    assert read_slot(sql, renewed.invitation) == renewed


def test_each_space_has_room_for_so_many(sql: SqliteConnection) -> None:
    """Beyond the bound nothing is kept until a slot has gone; other spaces have room of their own."""
    assert put_slot(sql, slot("a"), max_slots=2)
    assert put_slot(sql, slot("b"), max_slots=2)
    assert not put_slot(sql, slot("c"), max_slots=2)
    assert read_slot(sql, slot("c").invitation) is None
    assert put_slot(sql, slot("d", OTHER), max_slots=2)
    delete_slots(sql, [slot("a").invitation])
    assert put_slot(sql, slot("c"), max_slots=2)


def test_only_the_named_slots_are_forgotten(sql: SqliteConnection) -> None:
    """Deleting takes any number of invitations, those without a slot included, and leaves the others."""
    for one in (slot("a"), slot("b"), slot("c", OTHER)):
        put_slot(sql, one, max_slots=9)
    delete_slots(sql, [])
    delete_slots(sql, [slot("a").invitation, slot("absent").invitation, slot("c").invitation])
    assert read_slot(sql, slot("a").invitation) is None
    assert read_slot(sql, slot("c").invitation) is None
    assert read_slot(sql, slot("b").invitation) == slot("b")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE slots SET sealed = x'00'",
        "UPDATE slots SET signing_key = zeroblob(32)",
        "UPDATE slots SET expires_ms = expires_ms + 1",
        "UPDATE slots SET space_key = 2",
        "UPDATE slots SET invitation = CAST('b...............' AS BLOB)",
        "UPDATE slots SET seal = zeroblob(8)",
        "DELETE FROM spaces WHERE key = 1",
    ],
)
def test_a_damaged_slot_is_never_an_answer(sql: SqliteConnection, damage: str) -> None:
    """A slot whose row was changed, or whose space is gone, is an IntegrityError."""
    put_slot(sql, slot("a"), max_slots=9)
    sql.execute(damage)
    invitation = slot("b" if "invitation" in damage else "a").invitation
    with pytest.raises(IntegrityError):
        read_slot(sql, invitation)


def test_a_slot_belongs_to_a_space_that_is_there(sql: SqliteConnection) -> None:
    """A slot for a space that the store does not hold is a mistake of the relay's own."""
    with pytest.raises(AssertionError):
        put_slot(sql, slot("a", SpaceId(bytes(32))), max_slots=9)
