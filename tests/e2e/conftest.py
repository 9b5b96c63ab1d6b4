"""The typed client of reporting-svc, generated once for all stories that talk through it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.client import make
from tests.e2e.typed import TypedReporting
from tests.e2e.world import World


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[World], TypedReporting]]:
    """Return the client for a world."""
    folder = tmp_path_factory.mktemp("client")
    assert make("reporting", folder) == []
    sys.path.insert(0, str(folder))
    yield TypedReporting
    sys.path.remove(str(folder))
