"""What a reference does when the document that it names is deleted."""

from enum import Enum


class OnDelete(Enum):
    """What a reference does when the document that it names is deleted."""

    RESTORE = "restore"
    """It brings the document back, for as long as somebody live names it."""
    CASCADE = "cascade"
    """The referring document goes too."""
    SET_NULL = "set_null"
    """The reference is shown as nothing."""

    def __str__(self) -> str:
        """As settings have it."""
        return self.value
