"""The composition root, which alone imports adapters: configuration in, a working replica out."""
