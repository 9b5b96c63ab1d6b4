"""Figures of now: behind wherever they may lack an event that the read model was known to have."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import pytest

from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.testing.waiting import HANG_S
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.read_models.credit.ahead import ahead
from risk_svc.read_models.credit.gathered import Gathered
from risk_svc.read_models.credit.query import LatestPictures

DAY = date(2026, 6, 30)
NO_ROWS = json.dumps(dict.fromkeys(Gathered.__struct_fields__, ()))


@dataclass(slots=True)
class _Positions:
    """Read model ``read``, known to be at ``known``, of a ledger whose figures changed last at ``changed``.

    ``later``: position of the read model once it was waited for.
    """

    known: int | None
    read: int
    head: int
    changed: int
    later: int = 0

    def position(self, *_: str) -> int | None:
        return self.known

    async def wait_for(self, *_: Any, **__: Any) -> None:
        self.read = max(self.read, self.later)

    async def value_now(self, *_: Any) -> tuple[int, str]:
        return self.read, NO_ROWS

    async def head_and_last(self, *_: Any, after: int, **__: Any) -> tuple[int, int]:
        return self.head, self.changed if self.changed > after else 0


@pytest.mark.parametrize(
    ("at", "position", "lag"),
    [
        (_Positions(known=10, read=10, head=10, changed=9), 10, 0),
        (_Positions(known=10, read=10, head=12, changed=9), 12, 0),
        (_Positions(known=10, read=10, head=12, changed=11), 10, 2),
        (_Positions(known=10, read=12, head=13, changed=12), 13, 0),
        (_Positions(known=None, read=8, head=10, changed=9), 8, 2),
        (_Positions(known=10, read=6, head=12, changed=9), 6, 6),
        (_Positions(known=10, read=10, head=12, changed=11, later=11), 12, 0),
        (_Positions(known=10, read=10, head=12, changed=12, later=11), 11, 1),
        (_Positions(known=None, read=0, head=10, changed=9, later=9), 10, 0),
    ],
)
async def test_figures_are_behind_unless_they_have_every_change(
    at: _Positions, position: int, lag: int
) -> None:
    latest = LatestPictures(cast(ReadDb, at), cast(Ledger, at))
    seen = await latest.of("main", "cus_1", DAY)
    assert (seen.position, seen.lag, seen.behind) == (position, lag, lag > 0)


class _Asked:
    """Query that notes the days that it was asked about."""

    def __init__(self, error: Exception | None = None) -> None:
        self.days: list[date] = []
        self._error = error

    async def of(self, _: str, customer_id: str, day: date) -> SeenPicture:
        self.days.append(day)
        if self._error is not None:
            raise self._error
        return SeenPicture(Picture(customer_id, "", ""), len(self.days), 0, behind=False)


async def test_figures_asked_for_ahead_are_taken_once_and_for_their_day_only() -> None:
    query, next_day = _Asked(), DAY + timedelta(days=1)
    latest = cast(LatestPictures, query)
    async with ahead(latest, "main", "cus_1", DAY) as pictures:
        assert [(await pictures.of("main", "cus_1", DAY)).position for _ in range(2)] == [1, 2]
    async with ahead(latest, "main", "cus_1", DAY) as pictures:
        await pictures.of("main", "cus_1", next_day)
    assert sorted(query.days) == [DAY, DAY, DAY, next_day]


async def test_failure_of_figures_counts_only_if_they_are_wanted() -> None:
    query = _Asked(ValueError("no figures"))
    async with ahead(cast(LatestPictures, query), "main", "cus_1", DAY):
        pass
    assert query.days == [DAY]
    async with ahead(cast(LatestPictures, query), "main", "cus_1", DAY) as pictures:
        with pytest.raises(ValueError, match="no figures"):
            await pictures.of("main", "cus_1", DAY)


async def test_a_cancelled_request_does_not_wait_for_figures() -> None:
    began, never = asyncio.Event(), asyncio.Event()

    class Endless:
        async def of(self, *_: Any) -> None:
            began.set()
            await never.wait()

    async def request() -> None:
        async with ahead(cast(LatestPictures, Endless()), "main", "cus_1", DAY):
            await never.wait()

    running = asyncio.create_task(request())
    await began.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=HANG_S)
    assert running.cancelled()
