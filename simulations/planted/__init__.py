"""Faults that only simulations can plant in the code under test, to see that the checkers find them."""
