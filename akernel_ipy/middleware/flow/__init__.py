"""The flavour flow: cells run side by side where their data allows it."""

from .flow import Flow

__all__ = ["Flow"]
