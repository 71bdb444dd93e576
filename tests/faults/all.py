"""Every seeded fault."""

from tests.faults import FAULTS, deadly, gather, squeeze

__all__ = ["FAULTS", "deadly", "gather", "squeeze"]
