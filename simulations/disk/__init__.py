"""A disk in memory that forgets, tears, fills up and rots when it is told to, and SQLite on top of it.

:mod:`.disk` is the disk, :mod:`.vfs` shows it to SQLite, :mod:`.database` is the ``Database`` port of
replicas and of the relay's store over both, :mod:`.key_files` the keystore.
"""
