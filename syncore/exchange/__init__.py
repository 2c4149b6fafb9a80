"""Collections in and out of files and tables: JSON lines, CSV, Arrow and pandas.

Sits beside the other services, above the replica. Readers and writers are pure: bytes in and rows out,
documents in and bytes out. Files come in through two ports, so nothing here opens one.
"""
