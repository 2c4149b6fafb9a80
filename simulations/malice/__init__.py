"""Dishonest members and relays: what they make, and how it gets to the others."""
