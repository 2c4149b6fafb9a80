"""What can go wrong in a world: one function for each kind of fault."""
