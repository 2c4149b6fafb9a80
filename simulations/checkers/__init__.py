"""What has to hold, one small module for each invariant, under its name."""
