"""Thank-yous of a replay: the decision of the live run for what the replay has seen settled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from dunning_svc.domain.thanks.decide import DAYS_TO_THANK
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.use_cases.thanks import thanks_of
from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened


class ReplayedThanks:
    """Invoices that were settled in the last days of a replay, each until it is thanked for."""

    def __init__(self, rows: MemoryRows, time_zone: str) -> None:
        self._rows, self._time_zone = rows, time_zone
        self._settled: dict[str, tuple[int, date | None]] = {}

    def moved(self, position: int, invoice_ids: Iterable[str]) -> None:
        """Take note of invoices that an event moved: those that it settled are thanked for from the next day on."""
        for invoice_id in invoice_ids:
            item = self._rows.get(ItemRow, invoice_id)
            if item is None or not item.settled_at:
                self._settled.pop(invoice_id, None)
            elif item.settled_at == position:
                self._settled[invoice_id] = (position, None)

    def decide(self, e: Recorded) -> int:
        """Return the number of thank-yous of a day."""
        assert isinstance(e.data, DayOpened)
        day = e.data.day
        last = day - timedelta(days=DAYS_TO_THANK - 1)
        self._settled = {
            each: (position, first or day)
            for each, (position, first) in self._settled.items()
            if first is None or first > last
        }
        page: dict[Group, list[str]] = {}
        for invoice_id in sorted(self._settled):
            item = self._rows.get(ItemRow, invoice_id)
            assert item is not None
            page.setdefault((item.customer_id, item.entity_id, item.currency), []).append(invoice_id)
        found = thanks_of(self._rows, page, e, self._time_zone)
        for event, _ in found:
            for each in event.invoices:
                self._settled.pop(each.invoice_id)
        return len(found)
