"""The arguments of the commands, in groups; imports nothing of the library but itself."""
