"""The real world behind the ports of :mod:`syncore.core.ports`: clock, entropy, files, databases, network."""
