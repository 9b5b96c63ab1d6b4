"""Reliable end of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

_ASK_AGAIN_S = 0.25


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel and wait until they have ended, whatever they end with.

    Tasks are cancelled more than once: on Python 3.11 ``asyncio.wait_for``, which NATS and PostgreSQL clients use,
    loses a cancellation that comes at the moment of its result, and the task continues.
    """
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_ASK_AGAIN_S)


async def all_of(works: Iterable[Awaitable[Any]]) -> None:
    """Do works side by side, and raise the first error when all have ended: none goes on beside what comes next."""
    for done in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(done, BaseException):
            raise done
