"""The values that SQLite knows."""

SqlValue = None | int | float | str | bytes
Row = tuple[SqlValue, ...]
