"""A small server that stores and forwards sealed segments and can read none of them."""
