"""The wire: segments, control log, receipts and both ends of a session, as pure functions and state machines.

Knows codec and core only: no clock, no entropy, no I/O, and no cryptography but through
:mod:`syncore.protocol.ports`.
"""
