"""Promises of the kernel, seen over the Jupyter protocol by an unpatched jupyter_client."""
