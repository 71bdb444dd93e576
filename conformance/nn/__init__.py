"""Rules about torch.nn: modules and their parameters."""
