"""Documents, keys and storage joined into one local database; knows no network."""
