"""A deterministic world that runs the real code on simulated machines; one seed decides everything.

Beside the product and never in its wheel: may import all of it, nothing of it imports this. Real time, real
entropy and real disks stay outside: two runs with one seed do the same.
"""
