"""What a relay writes to standard error: one line per event, for people or as JSON.

Never keys, item bytes, invitation ids or whole space ids; of a peer its address.
"""

import json
import logging
import sys
from typing import Final

LOGGER_NAME: Final = "syncore.relay"
_OWN_FIELDS: Final = "facts"


def facts(**values: object) -> dict[str, object]:
    """The ``extra`` of a log call: facts that the JSON form keeps as fields of their own."""
    return {_OWN_FIELDS: values}


def configure(*, as_json: bool) -> None:
    """Send the relay's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else PlainFormatter())
    logger = logging.getLogger(LOGGER_NAME)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    # websockets says what every connection does; only its errors (a handler that failed) are ours.
    sockets = logging.getLogger("websockets")
    sockets.handlers = [handler]
    sockets.propagate = False
    sockets.setLevel(logging.ERROR)


class PlainFormatter(logging.Formatter):
    """``2026-01-31 12:00:00 INFO listening address=127.0.0.1:8787``; what would break the line is escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class names it
        """The line, with the facts behind the message."""
        own = getattr(record, _OWN_FIELDS, {})
        line = super().formatMessage(record) + "".join(f" {name}={value}" for name, value in own.items())
        return "".join(one if one.isprintable() else repr(one)[1:-1] for one in line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time_ms, level, event, the facts, and trace for an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The object as one line."""
        fields: dict[str, object] = {
            "time_ms": int(record.created * 1000),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        fields.update(getattr(record, _OWN_FIELDS, {}))
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)
