"""Does what a stored run depended on still hold?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ...core.fingerprint import Fingerprints
from . import environment, files, surroundings
from .inputs import UNBOUND, digest_of, digest_of_asked


def differences(
    dependencies: Mapping[str, Any], namespace: Mapping[str, Any], fingerprints: Fingerprints
) -> Iterator[str]:
    """Name what is not as it was; nothing if the entry holds."""
    for name, before in dependencies["names"].items():
        now = digest_of(fingerprints, name, namespace)
        if now != before or not now:
            yield f"{name} {_how(before, now)}"
    if dependencies["cwd"] and dependencies["cwd"] != files.working_directory():
        yield f"the working directory was {dependencies['cwd']}"
    if dependencies["random"]:
        states = surroundings.random_states()
        for name, digest in dependencies["random"].items():
            if not digest or name not in states or states[name][0] != digest:
                yield f"the state of {name}'s random numbers differs"
    for name, digest in dependencies["variables"].items():
        if environment.digest_of(name) != digest:
            yield environment.difference(name)
    for path, how, digest in dependencies["files"]:
        now = files.digest(path, how)
        if now != digest:
            yield f"{path} {_file_change(digest, now)}"


def module_differences(
    dependencies: Mapping[str, Any], fingerprints: Fingerprints
) -> Iterator[str]:
    """Name modules that aren't what they were; they have been imported."""
    for name, paths, before in dependencies["asked"]:
        if not before or digest_of_asked(fingerprints, name, paths) != before:
            asked = [".".join((name, *path)) for path in paths]
            yield f"{asked[0] if len(asked) == 1 else f'something in module {name}'} changed"
    for name, before in dependencies["modules"].items():
        module = sys.modules.get(name)
        now = digest_of(fingerprints, name, {} if module is None else {name: module})
        if now != before:
            yield f"module {name} changed"


def inputs_differ(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """Name the inputs that differ from those of the run of the same code that was stored last."""
    for name, digest in now["names"].items():
        old = before["names"].get(name, UNBOUND)
        if old != digest:
            yield f"{name} {_how(old, digest)}"
    for name in before["names"].keys() - now["names"].keys():
        yield f"{name} is not read any more"
    for name in sorted({*now["settings"], *before["settings"]}):
        if now["settings"].get(name) != before["settings"].get(name):
            yield f"settings of {name} changed"
    if now["extra"] != before["extra"]:
        yield "the value of %%cache key= changed"


def _how(before: str, now: str) -> str:
    if before == UNBOUND:
        return "was not defined"
    return "is not defined" if now == UNBOUND else "changed"


def _file_change(before: str, now: str) -> str:
    if before == files.ABSENT:
        return "did not exist"
    return "is gone" if now == files.ABSENT else "changed"
