"""The query language, the order of values, and the choice of an index: pure, on the floor of documents."""
