"""What composing a replica leaves behind when it fails."""

from pathlib import Path

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.errors import Closed, NewerFormat
from syncore.core.ports import Durability
from syncore.engine.composition import compose
from syncore.storage.schema import APPLICATION_ID, FORMAT
from tests.replica.world import SeededEntropy, SteppingClock

pytestmark = pytest.mark.anyio


async def test_a_database_that_cannot_be_used_is_closed_again(tmp_path: Path) -> None:
    """Whoever hands a database over does not have to close it when composing fails."""
    database = open_inline_database(tmp_path / "later.db", application_id=APPLICATION_ID)

    await database.write(lambda sql: sql.execute(f"PRAGMA user_version = {FORMAT + 1}"), Durability.NORMAL)
    with pytest.raises(NewerFormat):
        await compose(
            database,
            lambda _id: MemoryKeyFiles(),
            clock=SteppingClock(),
            entropy=SeededEntropy("composition"),
            connector=NotImplemented,
        )
    with pytest.raises(Closed):
        await database.read(lambda sql: sql.row("SELECT 1"))
