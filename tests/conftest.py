"""Fixtures for tests that talk to a launched kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from kernels import Kernel, audited
from protocol.client import Client

# A busy machine is slow, and that says nothing about a strategy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "conformance: suites of others, minutes long")


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel of flavour async, shared by the tests of a module."""
    yield from audited(Kernel("async"))


@pytest.fixture(scope="module")
def chain_kernel() -> Iterator[Kernel]:
    """A kernel of flavour chain, shared by the tests of a module."""
    yield from audited(Kernel("chain"))


@pytest.fixture
def client(kernel: Kernel) -> Iterator[Client]:
    """A new client of the module's kernel; all its requests must have come to their end."""
    client = kernel.client()
    yield client
    kernel.release(client)


@pytest.fixture
def other(kernel: Kernel) -> Iterator[Client]:
    """One more client of the module's kernel."""
    client = kernel.client()
    yield client
    kernel.release(client)


@pytest.fixture
def chain(chain_kernel: Kernel) -> Iterator[Client]:
    """A new client of the module's chain kernel."""
    client = chain_kernel.client()
    yield client
    chain_kernel.release(client)


@pytest.fixture
def launch() -> Iterator[Callable[..., Kernel]]:
    """Launch kernels for one test alone; see `Kernel` for the arguments."""
    kernels: list[Kernel] = []

    def start(flavour: str = "async", **options: Any) -> Kernel:
        kernels.append(Kernel(flavour, **options))
        return kernels[-1]

    yield start
    try:
        for kernel in kernels:
            kernel.audit()
    finally:
        for kernel in kernels:
            kernel.close()
