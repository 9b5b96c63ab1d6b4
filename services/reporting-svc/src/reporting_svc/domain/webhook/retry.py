"""Pauses between attempts of a delivery, their end after three days, and rests of a receiver that fails."""

from __future__ import annotations

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=3)
_PAUSES_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""The last one repeats."""
_RETRY_AFTER_MAX_S = 3_600
"""Longest pause that a receiver may ask for by Retry-After."""
_RESTS_S = (5, 30, 120, 600)
"""The last one repeats: it is the longest time for which an event waits for a receiver that works again."""


def next_attempt(
    first_at: datetime, tries: int, now: datetime, *, retry_after_s: int | None = None
) -> datetime | None:
    """Return the time of the next attempt after ``tries`` failed ones; None to give up.

    The last attempt is made at the end of the three days, not before.
    """
    end = first_at + GIVE_UP_AFTER
    if now >= end:
        return None
    pause_s = max(_PAUSES_S[min(tries, len(_PAUSES_S)) - 1], min(retry_after_s or 0, _RETRY_AFTER_MAX_S))
    return min(now + timedelta(seconds=pause_s), end)


def rest_until(failures: int, now: datetime, *, retry_after_s: int = 0) -> datetime:
    """Return the end of the rest of a receiver that accepted nothing in ``failures`` rounds of calls in a row."""
    rest_s = max(_RESTS_S[min(failures, len(_RESTS_S)) - 1], min(retry_after_s, _RETRY_AFTER_MAX_S))
    return now + timedelta(seconds=rest_s)
