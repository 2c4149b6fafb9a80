"""Where it is kept how far the documents of a space were looked at, and how looking at them begins."""

from collections.abc import Iterable
from typing import Final

from syncore.core.ports import SqlConnection
from syncore.replica.constraint_build import ConstraintBuild, decode_build, encode_build
from syncore.storage.document_rows import DocumentRows
from syncore.storage.space_rows import SpaceRows

BUILD_PREFIX: Final = "constraint_build "
"""What the value of the file is called that says it; the space's local number follows."""


def build_name(space: int) -> str:
    """What the value of the file is called."""
    return f"{BUILD_PREFIX}{space}"


def read_build(sql: SqlConnection, space: int) -> ConstraintBuild | None:
    """How far it is; None if all documents were looked at.

    Raises:
        IntegrityError: that is damaged.
    """
    found = SpaceRows(sql).value(build_name(space))
    return None if found is None else decode_build(found)


def write_build(sql: SqlConnection, space: int, build: ConstraintBuild | None) -> None:
    """Keep how far it is; None if all documents were looked at."""
    if build is None:
        SpaceRows(sql).remove_value(build_name(space))
    else:
        SpaceRows(sql).write_value(build_name(space), encode_build(build))


def begun_build(
    before: ConstraintBuild | None, concerned: Iterable[str], rows: DocumentRows
) -> ConstraintBuild:
    """Looking at the documents of the concerned collections begins, and of those that are not done."""
    names = tuple(sorted({*concerned, *(() if before is None else before.collections)}))
    total = sum(rows.count_in(name) for name in names)
    return ConstraintBuild(collections=names, until=rows.last_row(), total=total)
