"""Signatures, seals, keys, invitations. Pure: randomness is an argument; the only package that knows nacl."""
