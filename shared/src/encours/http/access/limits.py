"""Rate limits: a token bucket per key, and a limit of concurrent requests for all callers.

Overload is answered at once (429, 503 with ``Retry-After``); queues are bounded.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

RECENT_S = 1.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Allowance:
    """Rest of a bucket, as the ``RateLimit`` header says it; ``retry_after_s`` if nothing is."""

    header: str
    retry_after_s: int | None


class RateLimiter:
    """Token bucket per key (IETF draft ratelimit-headers: ``q`` tokens, refilled over ``w`` seconds).

    The number of buckets is bounded: the least recently used one is dropped, which gives its owner a full bucket.
    """

    def __init__(self, *, per_minute: int, burst: int, max_keys: int = 10_000) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._max_keys = max_keys
        self._refill_s = max(1, math.ceil(burst / self._per_second))
        self._buckets: OrderedDict[str, list[float]] = OrderedDict()
        self.policy = f'"key";q={burst};w={self._refill_s}'

    def take(self, key: str) -> Allowance:
        """Take a token of a key's bucket."""
        now = time.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = [float(self._burst), now]
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        tokens = min(self._burst, bucket[0] + (now - bucket[1]) * self._per_second)
        bucket[1] = now
        if tokens < 1:
            bucket[0] = tokens
            wait_s = max(1, math.ceil((1 - tokens) / self._per_second))
            return Allowance(f'"key";r=0;t={wait_s}', wait_s)
        bucket[0] = tokens - 1
        return Allowance(f'"key";r={int(bucket[0])};t={self._refill_s}', None)


class Shares:
    """Requests of each key at work at once: one key cannot take all places of a process."""

    __slots__ = ("_at_work", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._at_work: dict[str, int] = {}

    def enter(self, key: str) -> Callable[[], None] | None:
        """Take a place of the key's share. Returns what gives it back; nothing when the share is taken."""
        taken = self._at_work.get(key, 0)
        if taken >= self.limit:
            return None
        self._at_work[key] = taken + 1
        return lambda: self._leave(key)

    def _leave(self, key: str) -> None:
        left = self._at_work.pop(key) - 1
        if left:
            self._at_work[key] = left


class Recent:
    """Answers of the last second, so that asking often costs as much as asking once a second."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, asyncio.Future[Any]]] = {}

    async def get(self, name: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what ``ask`` answered within a second, or is about to."""
        now = time.monotonic()
        asked, answer = self._answers.get(name, (-math.inf, None))
        if answer is None or now - asked > RECENT_S or (answer.done() and answer.exception() is not None):
            answer = asyncio.ensure_future(ask())
            self._answers[name] = (now, answer)
        found: T = await asyncio.shield(answer)
        return found


class Gate:
    """Limit of concurrent requests."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0

    def enter(self) -> bool:
        """Return whether a request may begin; if so, :meth:`leave` has to follow."""
        if self.in_flight >= self.limit:
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """Count a request as answered."""
        self.in_flight -= 1
