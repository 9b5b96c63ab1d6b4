"""Figures of now: behind wherever they may lack an event that the read model was known to have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import pytest

from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from risk_svc.read_models.credit.gathered import Gathered
from risk_svc.read_models.credit.query import LatestPictures

NO_ROWS = json.dumps(dict.fromkeys(Gathered.__struct_fields__, ()))


@dataclass(frozen=True, slots=True)
class _Positions:
    """Read model ``read``, known to be at ``known``, of a ledger whose figures changed last at ``changed``."""

    known: int | None
    read: int
    head: int
    changed: int

    def position(self, *_: str) -> int | None:
        return self.known

    async def wait_for(self, *_: Any, **__: Any) -> None:
        return None

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
    ],
)
async def test_figures_are_behind_unless_they_have_every_change(
    at: _Positions, position: int, lag: int
) -> None:
    latest = LatestPictures(cast(ReadDb, at), cast(Ledger, at))
    seen = await latest.of("main", "cus_1", date(2026, 6, 30))
    assert (seen.position, seen.lag, seen.behind) == (position, lag, lag > 0)
