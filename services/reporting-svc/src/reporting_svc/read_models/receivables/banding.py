"""Bands of a balance: what an item, or each instalment of it, adds to them on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from encours.contracts.books import contested_of, planned_of
from encours.contracts.instalments import InstalmentRange, divided
from encours.kernel.bands import STANDARD, days_past_due
from encours.projection.row_cache import RowCache
from reporting_svc.read_models.receivables.rows import AGING_DAY_ID, NO_DAY_YET, AgingDay, Balance, Item


def aging_day(rows: RowCache) -> date:
    """Return the day for which the bands of balances are computed."""
    aging = rows.get(AgingDay, AGING_DAY_ID)
    return aging.day if aging else NO_DAY_YET


def count(balance: Balance, item: Item, day: date, sign: int) -> None:
    """Add an item to the bands and to the parts of a balance, or take it off."""
    disputed = contested_of(item.open_minor, item.disputed_minor)
    conceded = contested_of(item.open_minor, item.conceded_minor)
    balance.disputed_minor += sign * disputed
    balance.conceded_minor += sign * conceded
    balance.planned_minor += sign * planned_of(item.open_minor - disputed, item.planned_minor)
    for due_on, open_minor, conceded_minor in _parts(item, conceded):
        late = days_past_due(due_on, day)
        band = f"band_{STANDARD.index(late)}_minor"
        setattr(balance, band, getattr(balance, band) + sign * open_minor)
        if late > 0:
            balance.late_conceded_minor += sign * conceded_minor


def _parts(item: Item, conceded_minor: int) -> Iterable[tuple[date, int, int]]:
    """Return due date, open and conceded amount of each instalment; those of the item without a schedule."""
    if item.schedule is None:
        return ((item.due_on, item.open_minor, conceded_minor),)
    ranges = [
        InstalmentRange(date.fromisoformat(due_on), int(upto))
        for due_on, upto in (each.split(" ") for each in item.schedule.split(","))
    ]
    owed = item.settled_minor + item.open_minor
    return zip(
        (due_on for due_on, _ in ranges),
        divided(ranges, item.settled_minor, owed),
        divided(ranges, owed - conceded_minor, owed),
        strict=True,
    )
