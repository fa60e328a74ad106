"""The magics of the kernel: ``%akernel_mode`` and ``%akernel``."""

from .akernel import AkernelMagics
from .caching import CacheMagics

__all__ = ["AkernelMagics", "CacheMagics"]
