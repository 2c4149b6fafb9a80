"""Worlds that a user would recognise, and the mixture that swarms play."""
