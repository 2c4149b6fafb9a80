"""Which failures of syncing pass by themselves, and which of several is worth telling."""

from syncore.core.errors import (
    ConnectionFailed,
    Malformed,
    Refused,
    StorageError,
    SyncoreError,
    WrongRelay,
)


def is_passing(failure: SyncoreError) -> bool:
    """Whether trying again may help."""
    if isinstance(failure, Refused):
        return not failure.is_final
    return isinstance(failure, ConnectionFailed | StorageError | Malformed | WrongRelay)


def worst_of(failures: BaseExceptionGroup[SyncoreError]) -> SyncoreError:
    """The failure that is most worth telling: one that stops, before one that passes."""
    found: list[SyncoreError] = []
    waiting: list[BaseException] = list(failures.exceptions)
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
        elif isinstance(error, SyncoreError):
            found.append(error)
    return min(found, key=is_passing)
