"""The ground floor: identifiers, errors, limits, clocks, vectors and ports, on the standard library alone."""
