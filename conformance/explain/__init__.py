"""Explaining rules: an example of each that was run here, what it printed, and its picture."""
