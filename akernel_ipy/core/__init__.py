"""The pure part: no IPython, no ipykernel, no traitlets, no zmq."""
