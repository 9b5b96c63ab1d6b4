"""The typed client, installed from its wheel once for all stories that talk through it."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import install, make_all
from tests.e2e.typed import Typed, TypedClient


@pytest.fixture(scope="session")
def installed_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder with the installed wheel; workers that run at once share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    target = folder / "client-installed"
    with (folder / "client.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            assert make_all(folder / "client") == []
            install(folder / "client", target)
    sys.path.insert(0, str(target))
    yield target
    sys.path.remove(str(target))


@pytest.fixture(scope="session")
def typed(installed_client: Path) -> Typed:
    """Return the client of a service for a world."""
    assert installed_client.is_dir()
    return TypedClient
