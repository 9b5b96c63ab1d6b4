"""Figures of a customer at a date, from which checks, exposure and score are calculated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from encours.contracts.events.risk import ExposureSeen
from encours.contracts.insured.share import CoverStop, InsuredShare
from encours.kernel.exchange import QuotedRate, rate_through
from risk_svc.domain.exposure import CurrencyShare, ExposureItem, WholeExposure, converted, exposure
from risk_svc.domain.hold import HoldInForce
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import OPEN_SEGMENT, PaymentModel
from risk_svc.domain.score.outcomes import outcomes
from risk_svc.domain.score.shipped import SHIPPED

ExposureScope = Literal["limit", "customer", "payer", "group"]
"""Customers whose exposure is added: all who share the limit, none but the customer, those of its payer or group."""
DEFAULT_CURRENCY = "EUR"
"""Currency of an exposure of zero, for customers without items, cash, drafts and limit."""


@dataclass(frozen=True, slots=True)
class EndingGuarantee:
    """Guarantees with the same last day, in minor units."""

    last_day: date
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One customer: items, the last limit; drafts, cash and orders by currency, in minor units."""

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
    insolvent: bool = False
    """Insolvency proceedings of the customer are in force."""
    rates: tuple[QuotedRate, ...] = ()
    """Exchange rates of the entity that are in force, as they are known."""
    reserved: Mapping[str, int] = field(default_factory=dict)
    """Accepted orders that are not delivered or billed."""
    delivered: Mapping[str, int] = field(default_factory=dict)
    """Goods delivered and not billed."""
    guaranteed: Mapping[str, int] = field(default_factory=dict)
    """Guarantees in force."""
    ending: tuple[EndingGuarantee, ...] = ()
    """Guarantees in force that have a last day."""
    holds: tuple[HoldInForce, ...] = ()
    """Holds on the customer's orders that are in force."""
    holder_holds: tuple[HoldInForce, ...] = ()
    """Holds on the customer whose limit applies, if that is another."""
    unopened: bool = False
    """The entity refers orders until the account is open, and it is not."""
    segment: str = OPEN_SEGMENT
    """Segment of the customer, for the payment model."""
    insured: tuple[InsuredShare, ...] = ()
    """Insured parts of the customer's debts, one for each insurance contract that ever covered it."""
    merged_records: tuple[str, ...] = ()
    """Records that are merged into the customer."""

    @property
    def records(self) -> tuple[str, ...]:
        """All records of the customer, its own first."""
        return (self.customer_id, *self.merged_records)

    @property
    def members(self) -> tuple[Picture, ...]:
        """Customers whose exposure counts against the limit, this one first."""
        return (self, *self.others)

    @property
    def alone(self) -> Picture:
        """The customer without those who share the limit, for a comparison of customers."""
        return replace(self, others=())

    @property
    def cover_stop(self) -> CoverStop | None:
        """Reason for which no insurance contract covers new deliveries; ``None`` if one does or none ever did."""
        stops = [each.stop for each in self.insured]
        return next((stop for stop in stops if stop), None) if not self.insurable else None

    @property
    def insurable(self) -> bool:
        """A contract covers new deliveries."""
        return any(each.cover_minor for each in self.insured)

    @property
    def currencies(self) -> list[str]:
        """Currencies with an item, drafts, orders or cash; the one with most open items first."""
        count: dict[str, int] = {}
        for member in self.members:
            for currency, item in member.items:
                count[currency] = count.get(currency, 0) + (1 if item.open_minor else 0)
            for currency in {
                *member.drafts, *member.unapplied, *member.reserved, *member.delivered, *member.guaranteed
            }:  # fmt: skip
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
            reserved_minor=sum(member.reserved.get(currency, 0) for member in self.members),
            delivered_minor=sum(member.delivered.get(currency, 0) for member in self.members),
            guaranteed_minor=sum(member.guaranteed.get(currency, 0) for member in self.members),
            insured_minor=sum(member.insured_minor(currency) for member in self.members),
        )

    def insured_minor(self, currency: str) -> int:
        """Return the part of the customer's open invoices that insurers pay; of each no more than is open."""
        paid = Counter[str]()
        for share in self.insured:
            if share.currency == currency:
                paid.update(share.by_invoice)
        if not paid:
            return 0
        return sum(min(item.open_minor, paid[item.invoice_id]) for _, item in self.items)

    def oldest_days_past_due(self, day: date) -> int:
        """Return the days past due of the oldest open part that no unapplied cash covers, over all currencies."""
        return max((self.exposure(code, day).oldest_days_past_due for code in self.currencies), default=0)

    def whole(self, currency: str, day: date) -> WholeExposure:
        """Return the exposure of all currencies in one, at the rates of the day."""
        shares = []
        for code in dict.fromkeys((currency, *self.currencies)):
            seen = self.exposure(code, day)
            if code == currency:
                shares.append(CurrencyShare(code, seen, None, seen))
            elif seen.total_minor or any(
                (seen.not_due_minor, seen.overdue_minor, seen.unapplied_minor, seen.guaranteed_minor)
            ):
                rate = rate_through(self.rates, code, currency, day)
                in_currency = converted(seen, rate, currency) if rate else None
                shares.append(CurrencyShare(code, seen, rate, in_currency))
        return WholeExposure(currency, tuple(shares))

    def secured_on(self, day: date) -> Picture:
        """Return the figures with the guarantees alone that are in force until a later day."""
        if not any(each.last_day < day for member in self.members for each in member.ending):
            return self
        own, *others = (member._without_ended(day) for member in self.members)
        return replace(own, others=tuple(others))

    def _without_ended(self, day: date) -> Picture:
        left = dict(self.guaranteed)
        for each in self.ending:
            if each.last_day < day:
                left[each.currency] -= each.amount_minor
        return replace(self, guaranteed=left, ending=())

    def headroom_minor(self, day: date) -> int | None:
        """Return limit and guarantees less exposure, in the limit's currency.

        ``None`` without a limit, or without a rate that it needs.
        """
        return None if self.limit is None else self.left_minor(self.whole(self.limit.currency, day))

    def left_minor(self, whole: WholeExposure) -> int | None:
        """Return the same by the exposure in the limit's currency."""
        if self.limit is None or whole.missing:
            return None
        return self.limit.amount_minor + whole.known.guaranteed_minor - whole.known.total_minor

    def payer(self, day: date) -> PayerHistory:
        """Return the customer's own outcomes of every currency at the end of a day, for the payment model."""
        return PayerHistory(self.segment, outcomes(self.all_items(), day))

    def all_items(self) -> list[ExposureItem]:
        """Return the customer's own items of every currency, for the score."""
        return [item for _, item in self.items]


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """Figures of a customer as a decision sees them, at a position, ``lag`` events before the ledger's head.

    ``behind``: they may lack an order, an invoice or a payment that the decision has to count.
    """

    picture: Picture
    position: int
    lag: int
    behind: bool
    model: PaymentModel | None = SHIPPED
    """Payment model in use; ``None`` for a decision of before there were models."""
