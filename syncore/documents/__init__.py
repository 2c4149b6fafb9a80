"""Documents and how they merge. Pure; the only floor that knows pycrdt."""
