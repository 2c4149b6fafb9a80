"""A replica file as it has to be before anything reads it: its tables, a space, indexes that still hold."""

from syncore.core.ports import Entropy, SqlConnection
from syncore.replica.index_upkeep import renew_text_indexes
from syncore.replica.reprojecting import WORDS_STAMP, words_stamp
from syncore.replica.space_state import store_private_space
from syncore.storage.schema import prepare
from syncore.storage.space_rows import SpaceRows


def lay_out_file(sql: SqlConnection, entropy: Entropy) -> None:
    """Make the tables and a private space in an empty file; bring an earlier version's up to date.

    Raises:
        NewerFormat, IntegrityError: the file cannot be used; it was not changed.
    """
    prepare(sql)
    rows = SpaceRows(sql)
    if rows.value("replica") is None:
        store_private_space(rows, entropy)
    if rows.value(WORDS_STAMP) not in (None, words_stamp()):  # another Unicode has other words
        for row in rows.all():
            renew_text_indexes(sql, row.space)
