"""A deterministic world that runs the real syncore under faults from one seed. Not part of the wheel."""
