"""The relay's own outside world: its folder and its SQLite file."""
