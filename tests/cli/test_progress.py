"""The progress line."""

import io

from syncore.cli.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal() -> None:
    """On a terminal the line is rewritten in place when it changes, and removed at the end."""
    stream = _Terminal()
    progress = Progress(stream, is_shown=True)
    progress.show("1 of 2")
    progress.show("1 of 2")
    progress.show("2 of 2")
    progress.clear()
    progress.clear()
    assert stream.getvalue() == "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[K"


def test_elsewhere() -> None:
    """In a file, or with --json, there is no progress at all."""
    for stream, is_shown in ((io.StringIO(), True), (_Terminal(), False)):
        progress = Progress(stream, is_shown=is_shown)
        progress.show("1 of 2")
        progress.clear()
        assert stream.getvalue() == ""
