"""Read-only SQL over the documents of a replica."""
