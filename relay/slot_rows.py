"""Rows of invitation slots, which lie outside the log: SQL inside one transaction.

Must not know when a slot may be put or fetched; that is :mod:`relay.desk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.seals import as_bytes, as_integer, check_seal, sealed
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import SpaceId
from syncore.core.ports import SqlConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A sealed invitation slot, which lies outside the log."""

    invitation: bytes
    space: SpaceId
    signing_key: bytes
    expires_ms: int
    sealed: bytes


def put_slot(sql: SqlConnection, slot: Slot, max_slots: int) -> bool:
    """Keep a slot; False when the space has ``max_slots`` or another space has one of this id."""
    space = sql.row("SELECT key FROM spaces WHERE space = ?", (slot.space,))
    assert space is not None, "slots are put into spaces that are open"
    space_key = as_integer(space[0])
    held = sql.row("SELECT space_key FROM slots WHERE invitation = ?", (slot.invitation,))
    count = sql.row("SELECT count(*) FROM slots WHERE space_key = ?", (space_key,))
    assert count is not None
    if (held is None and as_integer(count[0]) >= max_slots) or (held is not None and held[0] != space_key):
        return False
    sql.execute(
        "INSERT OR REPLACE INTO slots (invitation, space_key, signing_key, expires_ms, sealed, seal)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        sealed((slot.invitation, space_key, slot.signing_key, slot.expires_ms, slot.sealed)),
    )
    return True


def read_slot(sql: SqlConnection, invitation: bytes) -> Slot | None:
    """The slot of an invitation, or None.

    Raises:
        IntegrityError: it is not what was written.
    """
    row = sql.row(
        "SELECT invitation, space_key, signing_key, expires_ms, sealed, seal FROM slots WHERE invitation = ?",
        (invitation,),
    )
    if row is None:
        return None
    check_seal(row, "an invitation slot")
    _, space_key, signing_key, expires_ms, sealed, _ = row
    space = sql.row("SELECT space FROM spaces WHERE key = ?", (space_key,))
    if space is None:
        raise IntegrityError("an invitation slot belongs to no space")
    return Slot(
        invitation=invitation,
        space=SpaceId(as_bytes(space[0])),
        signing_key=as_bytes(signing_key),
        expires_ms=as_integer(expires_ms),
        sealed=as_bytes(sealed),
    )


def delete_slots(sql: SqlConnection, invitations: Sequence[bytes]) -> None:
    """Forget the slots of these invitations."""
    sql.execute_many("DELETE FROM slots WHERE invitation = ?", ((invitation,) for invitation in invitations))
