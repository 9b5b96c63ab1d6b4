"""Waits of tests: for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

HANG_S = 600.0
"""Bound of every wait. Long enough for any work: no test can know how quick the machine is."""


def wait_until(condition: Callable[[], bool], failure: str) -> None:
    """Look again until the condition holds. Raises :class:`TimeoutError` with `failure` if it never does."""
    pauses = _pauses(failure)
    while not condition():
        time.sleep(next(pauses))


async def until(
    condition: Callable[[], bool] | Callable[[], object], failure: str = "it never came about"
) -> None:
    """The same within an event loop; the condition may be awaitable."""
    pauses = _pauses(failure)
    while True:
        found = condition()
        if (await found) if isinstance(found, Awaitable) else found:
            return
        await asyncio.sleep(next(pauses))


def _pauses(failure: str) -> Iterator[float]:
    """Seconds until the next look, a twentieth of the wait so far: looking must not slow down what is awaited."""
    began = time.monotonic()
    while (waited_s := time.monotonic() - began) < HANG_S:
        yield min(max(waited_s / 20, 0.01), 0.2)
    raise TimeoutError(failure)
