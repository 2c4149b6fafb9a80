"""What the demo has to know of a replica and the public API does not tell yet: siblings' values, log offsets.

Owns the one place where the demo looks below the public API. (The inbox of conflicts comes later; until then
a document names its fields in conflict, not the values.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from syncore.cli.demo.scenario import Json, Place
from syncore.codec.values import decode_value
from syncore.core.identifiers import DocumentKey
from syncore.documents.projection import FieldValue
from syncore.engine.replica import Replica
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.replica.tokens import encode_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One document as it is at one moment.

    Attributes:
        token: Its version token.
        siblings: The values of every register, the ones that lost too.
    """

    token: str
    siblings: dict[str, list[Json]]


async def look(replica: Replica, places: Sequence[Place]) -> dict[Place, Sight]:
    """Documents of the default space, all of them at the same moment."""
    local = _local(replica)
    state = local.default_space

    def sights(work: DocumentWork) -> dict[Place, Sight]:
        found = {}
        for place in places:
            record = work.hold(DocumentKey(*place)).visible.record
            siblings = {
                field: [to_json(decode_value(sibling.value)) for sibling in values]
                for field, values in record.registers.items()
            }
            found[place] = Sight(token=encode_token(state.id, record.vector), siblings=siblings)
        return found

    return await local.preview(state.number, sights)


def log_offset(replica: Replica) -> int:
    """How much of the relay's log is in the default space of a replica."""
    return _local(replica).default_space.row.log_offset


def closed_writers(replica: Replica) -> list[str]:
    """Which writers the default space of a replica accepts nothing more of, and why."""
    closed = _local(replica).default_space.closed.values()
    return [f"writer {row.writer} was closed behind commit {row.number}: {row.reason}" for row in closed]


def to_json(value: FieldValue) -> Json:
    """A value as JSON shows it; different values look different."""
    if isinstance(value, frozenset):
        return [*sorted(str(element) for element in value)]
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, Decimal | bytes | datetime | date | UUID):
        return {type(value).__name__: str(value)}
    return value


def _local(replica: Replica) -> LocalReplica:
    return replica._services.local  # noqa: SLF001 - see the module's docstring
