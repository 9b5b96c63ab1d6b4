"""Pace per receiving domain: messages at once, and messages per minute. One process sends for a ledger (its lease)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Pace:
    """Bounds per domain of one process."""

    def __init__(
        self, *, at_once: int, per_minute: int = 0, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = at_once
        self._spacing_s = 60 / per_minute if per_minute else 0.0
        self._clock_s = clock_s
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._next_s: dict[str, float] = {}
        self._reserved_s: dict[str, float] = {}

    def slot(self, address: str) -> asyncio.Semaphore:
        """Return the semaphore of the address's domain."""
        return self._slots.setdefault(domain_of(address), asyncio.Semaphore(self._at_once))

    def wait_s(self, address: str, message: str) -> float:
        """Return the time until the message may be sent, 0 for now. Its turn is reserved at the first call."""
        if not self._spacing_s:
            return 0.0
        now = self._clock_s()
        turn = self._reserved_s.get(message)
        if turn is None:
            domain = domain_of(address)
            turn = max(now, self._next_s.get(domain, now))
            self._next_s[domain] = turn + self._spacing_s
            self._reserved_s[message] = turn
        if turn > now:
            return turn - now
        del self._reserved_s[message]
        return 0.0


def domain_of(address: str) -> str:
    """Return the domain of an address in lower case."""
    return address.rpartition("@")[2].lower()
