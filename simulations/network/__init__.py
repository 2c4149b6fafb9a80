"""The network's twin: hosts, links with weather, and connections of frames, in the virtual time of a loop."""
