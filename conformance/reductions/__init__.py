"""Rules about reducing a tensor over its dims: max, min and their relatives."""
