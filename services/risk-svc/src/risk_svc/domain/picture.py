"""Figures of a customer at a date, from which checks, exposure and score are calculated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from encours.contracts.events.risk import ExposureSeen
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
    """The last limit of ``limit_holder_id``."""
    limit_holder_id: str = ""
    """Customer whose limit holds: the head of the group, else the payer, else the customer itself."""
    others: tuple[Picture, ...] = ()
    """The other customers whose exposure counts against the same limit."""

    @property
    def members(self) -> tuple[Picture, ...]:
        """Customers whose exposure counts against the limit, this one first."""
        return (self, *self.others)

    @property
    def alone(self) -> Picture:
        """The customer without those who share the limit, for a comparison of customers."""
        return replace(self, others=())

    @property
    def currencies(self) -> list[str]:
        """Currencies with an item, drafts or cash; the one with most open items first."""
        count: dict[str, int] = {}
        for member in self.members:
            for currency, item in member.items:
                count[currency] = count.get(currency, 0) + (1 if item.open_minor else 0)
            for currency in (*member.drafts, *member.unapplied):
                count.setdefault(currency, 0)
        return sorted(count, key=lambda code: (-count[code], code))

    @property
    def main_currency(self) -> str:
        """Currency with most open items, else that of the limit."""
        if currencies := self.currencies:
            return currencies[0]
        return self.limit.currency if self.limit else DEFAULT_CURRENCY

    def exposure(self, currency: str, day: date) -> ExposureSeen:
        """Return the exposure in one currency on a day, of all who share the limit."""
        return exposure(
            (item for member in self.members for code, item in member.items if code == currency),
            drafts_minor=sum(member.drafts.get(currency, 0) for member in self.members),
            unapplied_minor=sum(member.unapplied.get(currency, 0) for member in self.members),
            day=day,
        )

    def headroom_minor(self, currency: str, day: date) -> int | None:
        """Return limit less exposure in minor units; ``None`` without a limit in this currency."""
        if self.limit is None or self.limit.currency != currency:
            return None
        return self.limit.amount_minor - self.exposure(currency, day).total_minor

    def all_items(self) -> list[ExposureItem]:
        """Return the customer's own items of every currency, for the score."""
        return [item for _, item in self.items]
