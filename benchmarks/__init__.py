"""Hot paths, each measured beside the bare primitive that bounds it, in the same run."""
