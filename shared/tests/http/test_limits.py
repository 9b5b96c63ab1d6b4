"""Buckets and the gate: a burst goes through, more waits, and the store of buckets is bounded."""

from __future__ import annotations

import pytest

from encours.http.access import limits
from encours.http.access.limits import Gate, RateLimiter


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


def test_a_burst_goes_through_and_then_tokens_come_back_with_time(clock: Clock) -> None:
    limiter = RateLimiter(per_minute=60, burst=3)
    assert [limiter.take("a").retry_after_s for _ in range(4)] == [None, None, None, 1]
    assert limiter.take("b").retry_after_s is None
    clock.now += 1
    assert limiter.take("a").retry_after_s is None
    assert limiter.take("a").retry_after_s == 1
    clock.now += 3600
    assert [limiter.take("a").retry_after_s for _ in range(4)] == [None, None, None, 1]


def test_the_headers_say_what_is_left(clock: Clock) -> None:
    limiter = RateLimiter(per_minute=60, burst=3)
    assert limiter.policy == '"key";q=3;w=3'
    assert limiter.take("a").header == '"key";r=2;t=3'


def test_the_number_of_buckets_is_bounded(clock: Clock) -> None:
    limiter = RateLimiter(per_minute=60, burst=1, max_keys=2)
    for key in "abc":
        limiter.take(key)
    assert len(limiter._buckets) == 2


def test_the_gate_counts_who_is_inside() -> None:
    gate = Gate(2)
    assert [gate.enter(), gate.enter(), gate.enter()] == [True, True, False]
    gate.leave()
    assert gate.enter()
