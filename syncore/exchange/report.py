"""How far an import or an export is, and what it came to."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import has committed so far; at its end, all of it.

    Attributes:
        lines: Lines of the file that are done, also those that hold no document.
        inserted: New documents.
        updated: Documents that were there and got what the file says.
        unchanged: Documents that held all of it already.
        kept: Documents that hold something else and were left alone.
        rejected: Lines that were skipped and written to the file of rejected ones.
        read_bytes: How much of the file was read.
        size_bytes: How large the file is; None if nobody knows.
        elapsed_ms: Milliseconds since the import began.
    """

    lines: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    rejected: int = 0
    read_bytes: int = 0
    size_bytes: int | None = None
    elapsed_ms: int = 0

    @property
    def documents(self) -> int:
        """Documents that were dealt with."""
        return self.inserted + self.updated + self.unchanged + self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export has written so far; at its end, all of it.

    Attributes:
        documents: How many.
        written_bytes: How large they are.
        elapsed_ms: Milliseconds since the export began.
    """

    documents: int = 0
    written_bytes: int = 0
    elapsed_ms: int = 0


OnImport = Callable[[ImportReport], None]
"""Is told how far an import is, after each of its commits."""
OnExport = Callable[[ExportReport], None]
"""Is told how far an export is, some times a second at most."""
