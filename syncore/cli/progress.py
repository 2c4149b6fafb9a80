"""A line on standard error that says how far long work is: on a terminal only, and rewritten in place."""

from typing import TextIO

_CLEAR = "\r\x1b[K"
_MAX_CHARACTERS = 79
"""A line that wraps could not be rewritten."""


class Progress:
    """The progress line of one command."""

    def __init__(self, stream: TextIO, *, is_shown: bool) -> None:
        """Write to ``stream`` if ``is_shown`` and it is a terminal."""
        self._stream = stream
        self._is_shown = is_shown and stream.isatty()
        self._line = ""

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it."""
        return self._is_shown

    def show(self, line: str) -> None:
        """Replace the line."""
        if self._is_shown and line != self._line:
            self._line = line
            self._stream.write(_CLEAR + line[:_MAX_CHARACTERS])
            self._stream.flush()

    def clear(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._line:
            self._line = ""
            self._stream.write(_CLEAR)
            self._stream.flush()
