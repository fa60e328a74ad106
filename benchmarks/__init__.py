"""Compare Jupyter kernels with each other over the messaging protocol: ``python -m benchmarks``."""
