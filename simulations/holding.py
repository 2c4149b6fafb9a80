"""What a replica holds at one moment, as far as checkers want to know it.

Owns the one place where simulations look below the public API: at the siblings of fields whose document is
deleted, and at several documents in one read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncore.codec.values import decode_value
from syncore.core.identifiers import DocumentKey
from syncore.engine.replica import Replica
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.replica.tokens import encode_token

Place = tuple[str, str]
"""Collection and id of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One document.

    Attributes:
        token: Its version token.
        is_live: Whether it is there for readers.
        siblings: The values of every register, also of a deleted document.
        values: What it shows, by field.
        clocks: The last commit of every writer that touched it.
        digest: Its digest.
    """

    token: str
    is_live: bool
    siblings: Mapping[str, frozenset[str]]
    values: Mapping[str, object]
    clocks: Mapping[int, int]
    digest: str

    @property
    def all_siblings(self) -> frozenset[str]:
        """The values of all registers."""
        return frozenset().union(*self.siblings.values())


def local(replica: Replica) -> LocalReplica:
    """The local database of an open replica."""
    return replica._services.local  # noqa: SLF001 - see the module's docstring


def log_offset(replica: Replica) -> int:
    """How much of the relay's log a replica has."""
    return local(replica).default_space.row.log_offset


async def look(replica: Replica, places: Iterable[Place]) -> dict[Place, Held]:
    """Documents of the default space, all of them at the same moment."""
    database = local(replica)
    state = database.default_space

    def read(work: DocumentWork) -> dict[Place, Held]:
        return {place: held(work, place) for place in places}

    def held(work: DocumentWork, place: Place) -> Held:
        document = work.hold(DocumentKey(*place)).visible
        projection = document.project(work.context)
        return Held(
            token=encode_token(state.id, document.record.vector),
            is_live=projection.is_live,
            siblings={
                name: frozenset(str(decode_value(sibling.value)) for sibling in siblings)
                for name, siblings in document.record.registers.items()
            },
            values=dict(projection.values),
            digest=document.digest().hex(),
            clocks={int(writer): number for writer, number in document.record.vector.items()},
        )

    return await database.preview(state.number, read)
