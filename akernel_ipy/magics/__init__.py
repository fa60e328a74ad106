"""The magics of the kernel: ``%akernel_mode`` and ``%akernel``."""

from .akernel import AkernelMagics

__all__ = ["AkernelMagics"]
