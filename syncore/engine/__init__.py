"""The composition root: configuration in, a working replica out. The only library code that imports adapters."""
