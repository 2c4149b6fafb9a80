"""What a command prints: results to standard output, notes, progress and errors to standard error.

With ``--json`` a result is one JSON object a line, an error is one too, and there is nothing else. Without
it, text is for people: in whatever comes from documents or from a relay, control characters are escaped, so
that a document cannot speak to the terminal.
"""

import json
import sys
from collections.abc import Mapping, Sequence

from syncore.cli.progress import Progress
from syncore.core.errors import SyncoreError

_MAX_CELL = 40
"""A table's cells are cut behind so many characters; ``get`` and ``--json`` show everything."""


class Output:
    """The output of one command.

    Attributes:
        is_json: Whether JSON lines are wanted.
        progress: The progress line.
    """

    def __init__(self, *, is_json: bool) -> None:
        """Print to the process's standard streams."""
        self.is_json = is_json
        self.progress = Progress(sys.stderr, is_shown=not is_json)

    def result(self, record: Mapping[str, object], text: str = "") -> None:
        """One result: ``record`` as a JSON line, or ``text``."""
        if self.is_json:
            print(json_line(record))
        else:
            self.text(text)

    def text(self, text: str) -> None:
        """Results for people, where programs are given something else."""
        self.progress.clear()
        print(_encodable(text, sys.stdout.encoding))

    def note(self, text: str) -> None:
        """Something worth knowing beside the result, for people only."""
        self.progress.clear()
        if not self.is_json:
            print(_encodable(f"syncore: {text}", sys.stderr.encoding), file=sys.stderr, flush=True)

    def error(self, error: SyncoreError, *, hint: str) -> None:
        """Why the command failed."""
        self.progress.clear()
        if self.is_json:
            line = json_line({"error": type(error).__name__, "message": error.message, "hint": hint})
        else:
            line = printable(f"syncore: {error.message} ({hint})" if hint else f"syncore: {error.message}")
        print(_encodable(line, sys.stderr.encoding), file=sys.stderr, flush=True)

    def flush(self) -> None:
        """Hand over what was printed so far, for those who read along."""
        self.progress.clear()
        sys.stdout.flush()


def json_line(record: object) -> str:
    """A JSON text on one line, in the same form on every machine and in every locale."""
    return json.dumps(record, ensure_ascii=not _is_unicode(), allow_nan=False, separators=(", ", ": "))


def printable(text: str) -> str:
    """The text on one line, with what does not print (control characters, bidirectional marks) escaped."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def table(rows: Sequence[Sequence[str]], headings: Sequence[str] = ()) -> str:
    """Rows of cells, aligned; long cells are cut."""
    cut = [[_cut(printable(cell)) for cell in row] for row in ([headings, *rows] if headings else rows)]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut
    )


def _cut(cell: str) -> str:
    return cell if len(cell) <= _MAX_CELL else cell[: _MAX_CELL - 1] + "…"


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _encodable(text: str, encoding: str | None) -> str:
    """The text as far as the stream can say it, with escapes for the rest."""
    name = encoding or "ascii"
    return text.encode(name, "backslashreplace").decode(name)
