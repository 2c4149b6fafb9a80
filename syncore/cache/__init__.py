"""Bounded memory for what can be made again from storage."""
