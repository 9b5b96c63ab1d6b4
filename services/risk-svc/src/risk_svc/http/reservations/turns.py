"""One order of a customer at a time in this process, so that concurrent orders do not use up their retries.

The limit itself is kept by the versions of the credit line, whatever process an order comes to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Locks by ledger and customer, kept while somebody uses or awaits them."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, ledger: str, customer_id: str) -> AsyncIterator[None]:
        """Wait for the turn of an order of the customer."""
        lock = self._locks.get((ledger, customer_id))
        if lock is None:
            lock = self._locks[ledger, customer_id] = asyncio.Lock()
        async with lock:
            yield
