"""The benchmark of sizes weighs what it says it weighs."""

from pathlib import Path

from benchmarks.size import measure


async def test_both_files_are_weighed_and_the_parts_named(tmp_path: Path) -> None:
    """Both files have a size, the ratio is theirs, and the largest tables of the replica are named."""
    size = await measure(tmp_path, indexes=1, documents=500)
    assert size.ratio == size.replica_bytes / size.plain_bytes
    assert size.plain_bytes > 500 * 50
    assert {"states", "documents", "undo_steps"} <= size.parts.keys()
    assert sum(size.parts.values()) <= size.replica_bytes
