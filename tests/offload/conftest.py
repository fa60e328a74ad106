"""Tests of what travels to workers and back; they need the extra ``dask``."""

from __future__ import annotations

import pytest

pytest.importorskip("cloudpickle")
