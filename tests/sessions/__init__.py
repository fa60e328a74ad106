"""The parts of multi that need no launched kernel."""
