"""The conflict inbox as rows of a table, read from the file alone."""

from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

from syncore.codec.values import Value
from syncore.core.errors import Misused
from syncore.core.identifiers import SETTINGS
from syncore.core.ports import SqlConnection
from syncore.core.sql_values import Row
from syncore.documents.projection import FieldValue
from syncore.documents.resolution import Contest
from syncore.documents.resolvers import ResolveFunction
from syncore.documents.rules import ResolverName
from syncore.documents.structures import encode_element
from syncore.replica.conflicts import Conflict, ConflictReader, ConflictSibling
from syncore.replica.document_work import DocumentWork
from syncore.replica.inbox import conflicts_of
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import load_spaces
from syncore.sql.functions import ORDER
from syncore.sql.representation import to_exact, to_plain

COLUMNS: Final = ("collection", "_id", "field", "kind", "rule", "value", "siblings", "problem")
CREATED: Final = (
    f'collection TEXT, "_id" TEXT, field TEXT, kind TEXT, rule TEXT, value TEXT COLLATE {ORDER},'
    " siblings TEXT, problem TEXT"
)
"""The columns as ``CREATE TABLE`` takes them."""
_PAGE: Final = 64


def conflict_rows(
    sql: SqlConnection, number: int, resolvers: Mapping[ResolverName, ResolveFunction]
) -> Iterator[Row]:
    """The open conflicts of a space, in the order of :meth:`syncore.Space.conflicts`.

    The space is read from the file, not from the replica's memory: this runs beside it, on another thread.
    """
    state = load_spaces(sql, resolvers, {})[number]
    work = DocumentWork(sql, state, SpaceMemory(), state.resolution_context())
    devices = {} if state.control is None else state.control.devices
    reader = ConflictReader(
        space=state.id,
        context=work.context,
        authors={index: device.principal.hex() for index, device in devices.items()},
        settle=_refuse,
    )
    last = ""
    while collection := work.rows.contested_collection(after=last):
        last = collection
        after: str | None = "" if collection != SETTINGS else None
        while after is not None:
            rows = work.rows.contested(collection, at_least=Contest.OPEN, after=after, limit=_PAGE)
            for row in rows:
                found = conflicts_of(work, reader, row.key)
                yield from (_row(conflict) for conflict in found if conflict.is_open)
            after = rows[-1].key.id if len(rows) == _PAGE else None


def _row(conflict: Conflict) -> Row:
    return (
        conflict.collection,
        conflict.id,
        None if conflict.field is None else to_plain(conflict.field),
        conflict.kind.value,
        conflict.rule,
        to_exact(conflict.value),
        to_plain([_sibling(sibling) for sibling in conflict.siblings]),
        conflict.problem,
    )


def _sibling(sibling: ConflictSibling) -> Value:
    return {
        "value": _value(sibling.value),
        "kind": None if sibling.kind is None else sibling.kind.name.lower(),
        "is_shown": sibling.is_shown,
        "is_deletion": sibling.is_deletion,
        "device": sibling.device,
        "author": sibling.author,
        "time": sibling.time,
        "label": sibling.label,
    }


def _value(value: FieldValue) -> Value:
    """Inside a list, a set is the list of its elements."""
    return sorted(value, key=encode_element) if isinstance(value, frozenset) else value


async def _refuse(*_: object) -> NoReturn:
    raise Misused("a conflict is settled through the inbox")
