"""Rules about picking elements by index: gather."""
