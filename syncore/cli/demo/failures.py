"""From a group of failures, as task groups raise them, to the one that is told."""

from syncore.core.errors import SyncoreError


def first_failure(failures: BaseExceptionGroup[SyncoreError]) -> SyncoreError:
    """The first failure of a group, however deep it lies."""
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, SyncoreError)
    return error
