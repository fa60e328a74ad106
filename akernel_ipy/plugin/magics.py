"""The magics of the extension, and how they come and go."""

from __future__ import annotations

from typing import Any

from ..magics import AkernelMagics, CacheMagics
from ..magics.akernel import COMMANDS
from ..magics.command import Command
from ..magics.reactive import why_react

#: Commands about the many sessions of a kernel, and one that tells of flow; a stock kernel has one
#: session, and no flow.
_OURS_ONLY = {"sessions", "forget", "attach", "why"}

_WHY = Command("why [N]", "why In [N], or the last cell, ran or did not run", why_react)


class PluginMagics(AkernelMagics):
    """``%akernel_mode`` and ``%akernel`` in a stock kernel."""

    commands = (*(c for c in COMMANDS if c.usage.split()[0] not in _OURS_ONLY), _WHY)
    known = ("chain", "cache", "react")

    def __init__(self, shell: Any, plugin: Any) -> None:
        super().__init__(shell=shell)
        self._plugin = plugin

    def _session(self) -> Any:
        return self._plugin.session

    def _use(self, flavour: str) -> None:
        self._plugin.use(flavour)


class Registered:
    """Magics that were put into a shell, and what they stand in front of.

    Args:
        shell: takes them.
        found: the objects with the magics.
    """

    def __init__(self, shell: Any, *found: Any) -> None:
        manager = shell.magics_manager
        self._shell, self._found = shell, found
        self._before = {kind: dict(table) for kind, table in manager.magics.items()}
        shell.register_magics(*found)

    def remove(self) -> None:
        """Take them out; what they had hidden is there again."""
        manager = self._shell.magics_manager
        for found in self._found:
            manager.registry.pop(type(found).__name__, None)
            if found in self._shell.configurables:
                self._shell.configurables.remove(found)
            for kind, table in found.magics.items():
                for name in table:
                    self._put_back(manager.magics[kind], kind, name)

    def _put_back(self, table: dict[str, Any], kind: str, name: str) -> None:
        before = self._before[kind].get(name)
        if before is None:
            table.pop(name, None)
        else:
            table[name] = before


def register(shell: Any, plugin: Any) -> Registered:
    """Give a shell the magics of the extension."""
    return Registered(shell, PluginMagics(shell, plugin), CacheMagics(shell=shell))
