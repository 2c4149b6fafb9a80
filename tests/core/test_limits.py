"""Limits: each has a reason, and they fit each other."""

from syncore.core import limits


def test_limits_are_positive_integers() -> None:
    """Nothing else lives in the module."""
    public = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert all(type(value) is int and value > 0 for value in public.values())


def test_a_commit_fits_into_a_segment_and_a_segment_into_a_frame() -> None:
    """What may be committed can be sent."""
    assert limits.MAX_VALUE_BYTES < limits.MAX_COMMIT_BYTES < limits.MAX_SEGMENT_PLAIN_BYTES
    assert limits.MAX_SEGMENT_BYTES < limits.MAX_FRAME_BYTES
