"""How many pending commits go into the next segment: enough to compress well, few enough to retry cheaply."""

from collections.abc import Iterable

from syncore.core.limits import MAX_COMMITS_PER_SEGMENT, SEGMENT_TARGET_BYTES


def commits_for_next_segment(sizes_bytes: Iterable[int]) -> int:
    """How many of the first pending commits to seal together.

    The commit that passes the target is still taken, so the plaintext stays below the target plus one commit,
    which :mod:`syncore.core.limits` asserts to fit.

    Args:
        sizes_bytes: The encoded sizes of the pending commits, in order; read no further than needed.

    Returns:
        0 when nothing is pending, else 1 .. ``MAX_COMMITS_PER_SEGMENT``.
    """
    taken = total_bytes = 0
    for size_bytes in sizes_bytes:
        taken += 1
        total_bytes += size_bytes
        if taken == MAX_COMMITS_PER_SEGMENT or total_bytes >= SEGMENT_TARGET_BYTES:
            break
    return taken
