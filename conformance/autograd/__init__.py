"""Rules about autograd: leaves, gradients, hooks, detach and .data."""
