"""Test suites of others: what they say of a Jupyter kernel must hold for this one."""
