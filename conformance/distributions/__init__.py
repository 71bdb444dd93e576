"""Rules about probability distributions: Categorical."""
