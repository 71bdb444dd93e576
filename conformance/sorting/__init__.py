"""Rules about sorting and searching."""
