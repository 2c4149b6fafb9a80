"""SQL over one open transaction.

Knows tables and checksums; document states, projections and segments are opaque bytes.
"""
