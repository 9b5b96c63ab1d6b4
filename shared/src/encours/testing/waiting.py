"""Waits of tests: for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

HANG_S = 600.0
"""Bound of every wait. Long enough for any work: no test can know how quick the machine is."""


def wait_until(condition: Callable[[], bool], failure: str) -> None:
    """Look again until the condition holds. Raises :class:`TimeoutError` with `failure` if it never does."""
    deadline = time.monotonic() + HANG_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(failure)
        time.sleep(0.01)


async def until(
    condition: Callable[[], bool] | Callable[[], object], failure: str = "it never came about"
) -> None:
    """The same within an event loop; the condition may be awaitable."""
    deadline = time.monotonic() + HANG_S
    while True:
        found = condition()
        if (await found) if isinstance(found, Awaitable) else found:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(failure)
        await asyncio.sleep(0.01)
