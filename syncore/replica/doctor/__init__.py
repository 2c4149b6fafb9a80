"""The examination of a replica file: what is damaged, where, what it means, and what it can be mended from.

One module for each examination, named for what it looks at; :mod:`syncore.replica.doctor.examining` runs all.
"""
