"""Rules about random numbers: what they are drawn from, seeds, and generators."""
