"""The relay's own outside world: its folder, its SQLite file, its sockets. The only place that knows sqlite3 and paths."""
