"""Pytest plugin of the workspace: real servers as fixtures, and the marker that tells fast tests from real ones."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from encours.testing.servers import Cluster, Installation
    from encours.testing.system import System

_REAL_FIXTURES = frozenset(
    {"cluster", "own_cluster", "installation", "module_installation", "system", "own_system"}
)
_LONGEST_FIRST = ("tests/chaos/", "tests/e2e/", "tests/contract/")
_SLOW_FOLDERS = ("tests/e2e/", "tests/chaos/", "tests/bench/")


# Deadlines and the pace of examples say how busy the machine is, and nothing of the code.
settings.register_profile("encours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("encours")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and keep what was imported from it.

    It would go through modules and tests, which stay, thousands of times: a quarter of the time of collecting them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is `real` when it asks for a server, `slow` by its folder: nobody has to remember the marker.

    Tests that need neither come first: they fail within seconds. Then those that take longest, so that workers that
    share the rest end together.
    """
    for item in items:
        if _REAL_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)
        if any(folder in f"{item.nodeid}" for folder in _SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if not any(item.iter_markers("real")) and not any(item.iter_markers("slow")):
        return 0
    folders = (n for n, folder in enumerate(_LONGEST_FIRST, 1) if folder in item.nodeid)
    return next(folders, len(_LONGEST_FIRST) + 1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A migrated PostgreSQL server shared by the session. Write only through :func:`installation`."""
    from encours.testing.servers import running_cluster

    with running_cluster(syncs=False) as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this test alone, for one that kills it."""
    from encours.testing.servers import running_cluster

    with running_cluster(syncs=False) as running:
        yield running


@pytest.fixture
def installation(cluster: Cluster) -> Iterator[Installation]:
    """Fresh databases and a nats-server for this test alone."""
    from encours.testing.servers import fresh_installation

    with fresh_installation(cluster) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_installation(cluster: Cluster) -> Iterator[Installation]:
    """Fresh databases and a nats-server shared by the tests of one module."""
    from encours.testing.servers import fresh_installation

    with fresh_installation(cluster) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """All of Encours, shared by the session: a test works in ledgers of its own and kills nothing."""
    from encours.testing.system import running_system

    with running_system(syncs=False) as running:
        yield running


@pytest.fixture
def own_system() -> Iterator[System]:
    """All of Encours for this test alone, for one that kills parts of it."""
    from encours.testing.system import running_system

    with running_system(syncs=False) as running:
        yield running
