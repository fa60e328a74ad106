"""One kernel for all notebooks of a Jupyter server: each start after the first one attaches.

A kernel provisioner (jupyter_client's plug-in for how kernels are started) that starts one process,
and gives each notebook a *door* to it: sockets of its own, from which messages are passed on.
"""

from .provisioner import SharedProvisioner

__all__ = ["SharedProvisioner"]
