"""Which fields the documents of a collection have, and what kinds of values are in them."""

from collections.abc import Mapping
from typing import Final

from syncore.core.errors import IntegrityError, Malformed
from syncore.core.ports import SqlConnection
from syncore.core.sql_values import SqlValue
from syncore.sql.functions import Fields, Parts
from syncore.sql.representation import Sort, sort_of
from syncore.storage.protection import integer, text

MAX_STORED_BYTES: Final = 16 * 1024 * 1024
"""The largest stored document, and the largest value of any kind, that a query can handle: enough for the
longest texts that people write, and little enough that the few hundred which a query can make between two
looks at its memory do not fill it."""
MAX_REMEMBERED_SHAPES: Final = 250_000
"""Documents whose shape is remembered, at about 100 bytes each."""

_PAGE: Final = 10_000
Shape = tuple[tuple[str, Sort], ...]


class ShapeReader:
    """Finds the fields of collections; reads only those documents again that have changed."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._shapes: dict[bytes, Shape] = {}
        self._known: dict[Shape, Shape] = {}
        self._decoder = Fields()
        self._version: int | None = None
        self._fields: dict[tuple[int, str], Mapping[str, Sort]] = {}

    def fields(self, sql: SqlConnection, space: int, collection: str) -> Mapping[str, Sort]:
        """The fields of all live documents, with the kinds of their values.

        Too large documents are left out: they cannot be read in a query.
        """
        self._check_version(sql)
        found = self._fields.get((space, collection))
        if found is None:
            found = self._fields[space, collection] = self._read(sql, space, collection)
        return found

    def _check_version(self, sql: SqlConnection) -> None:
        """Forget what was found when anything was committed since."""
        row = sql.row("PRAGMA data_version")
        assert row is not None
        version = integer(row[0])
        if version != self._version:
            self._version = version
            self._fields.clear()

    def _read(self, sql: SqlConnection, space: int, collection: str) -> Mapping[str, Sort]:
        shapes: set[Shape] = set()
        after = ""
        while rows := sql.rows(
            "SELECT id, document, substr(projection, 1, 8) FROM documents WHERE space = ? AND collection = ?"
            " AND id > ? AND is_deleted = 0 AND length(projection) <= ? ORDER BY id LIMIT ?",
            (space, collection, after, MAX_STORED_BYTES, _PAGE),
        ):
            shapes.update(
                self._shape(sql, integer(document), mark)
                for _, document, mark in rows
                if isinstance(mark, bytes)
            )
            after = text(rows[-1][0])
        fields: dict[str, Sort] = {}
        for shape in shapes:
            for name, sort in shape:
                fields[name] = fields.get(name, Sort.NOTHING) | sort
        return fields

    def _shape(self, sql: SqlConnection, document: int, mark: bytes) -> Shape:
        shape = self._shapes.get(mark)
        if shape is None:
            found = sql.row("SELECT projection FROM documents WHERE document = ?", (document,))
            assert found is not None
            try:
                fields = self._decoder.of(found[0], _parts(sql, document))
                shape = tuple((name, sort_of(fields.get(name))) for name in fields)
            except (IntegrityError, Malformed):
                return ()  # whoever reads the document itself is told
            shape = self._known.setdefault(shape, shape)
            if len(self._shapes) >= MAX_REMEMBERED_SHAPES:
                self._shapes.clear()
                self._known.clear()
            self._shapes[mark] = shape
        return shape


def _parts(sql: SqlConnection, document: int) -> SqlValue:
    """The parts of a document's projection in one value; of none, an empty one."""
    parts = Parts()
    for number, part in sql.rows("SELECT part, bytes FROM projection_parts WHERE document = ?", (document,)):
        parts.step(number, part)
    return parts.finalize()
