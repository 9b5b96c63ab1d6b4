"""Figures of a customer at a date, from which checks, exposure and score are calculated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from encours.contracts.risk import ExposureSeen
from risk_svc.domain.exposure import ExposureItem, exposure
from risk_svc.domain.limit import ApprovedLimit

DEFAULT_CURRENCY = "EUR"
"""Currency of an exposure of zero, for customers without items, cash, drafts and limit."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One customer: items with their currency, drafts and unapplied cash per currency (minor units), last limit."""

    customer_id: str
    entity_id: str
    name: str
    items: tuple[tuple[str, ExposureItem], ...] = ()
    drafts: Mapping[str, int] = field(default_factory=dict)
    unapplied: Mapping[str, int] = field(default_factory=dict)
    limit: ApprovedLimit | None = None

    @property
    def currencies(self) -> list[str]:
        """Currencies with an item, drafts or cash; the one with most open items first."""
        count: dict[str, int] = {}
        for currency, item in self.items:
            count[currency] = count.get(currency, 0) + (1 if item.open_minor else 0)
        for currency in (*self.drafts, *self.unapplied):
            count.setdefault(currency, 0)
        return sorted(count, key=lambda code: (-count[code], code))

    @property
    def main_currency(self) -> str:
        """Currency with most open items, else that of the limit."""
        if currencies := self.currencies:
            return currencies[0]
        return self.limit.currency if self.limit else DEFAULT_CURRENCY

    def exposure(self, currency: str, day: date) -> ExposureSeen:
        """Return the exposure in one currency on a day."""
        return exposure(
            (item for code, item in self.items if code == currency),
            drafts_minor=self.drafts.get(currency, 0),
            unapplied_minor=self.unapplied.get(currency, 0),
            day=day,
        )

    def headroom_minor(self, currency: str, day: date) -> int | None:
        """Return limit less exposure in minor units; ``None`` without a limit in this currency."""
        if self.limit is None or self.limit.currency != currency:
            return None
        return self.limit.amount_minor - self.exposure(currency, day).total_minor

    def all_items(self) -> list[ExposureItem]:
        """Return the items of every currency, for the score."""
        return [item for _, item in self.items]
