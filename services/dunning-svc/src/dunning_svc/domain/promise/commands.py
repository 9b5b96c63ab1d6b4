"""Commands on promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from dunning_svc.domain.policy.working_days import working_day_from
from encours.contracts.events.dunning.document import PromiseTerms
from encours.contracts.events.dunning.promises import PromiseSource


@dataclass(frozen=True, slots=True)
class MakePromise:
    """A debtor promises to pay an amount of some invoices by a day."""

    promise_id: str
    invoice_ids: tuple[str, ...]
    currency: str
    amount_minor: int
    promised_on: date
    source: PromiseSource
    text: str | None


@dataclass(frozen=True, slots=True)
class WithdrawPromise:
    """A person ends a promise before it is judged."""

    promise_id: str
    text: str


@dataclass(frozen=True, slots=True)
class PromisedInvoice:
    """An invoice as far as a promise is concerned; ``customer_id`` is the record that stands for its debtor."""

    invoice_id: str
    customer_id: str
    entity_id: str
    currency: str
    open_minor: int
    promises: tuple[str, ...]
    """Promises for it that were not withdrawn; those count that another one replaced."""


@dataclass(frozen=True, slots=True)
class PromiseBasis:
    """Facts about debtors on which promises rest: of one, or of several whom a message was about.

    ``terms``: those of the policy that is applied to the first one; ``country``: its payer's. ``others``: both for each
    debtor. ``credits``: unapplied cash by customer.
    """

    invoices: Sequence[PromisedInvoice]
    terms: PromiseTerms
    country: str
    credits: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, tuple[PromiseTerms, str]] = field(default_factory=dict)

    @property
    def owed_minor(self) -> int:
        """Return the open amount of the invoices."""
        return sum(max(0, each.open_minor) for each in self.invoices)

    def about(self, invoice_ids: Collection[str]) -> PromiseBasis:
        """Return the basis of a promise for some of the invoices."""
        return replace(self, invoices=[each for each in self.invoices if each.invoice_id in invoice_ids])

    def by_debtor(self) -> dict[str, PromiseBasis]:
        """Return the basis of the promise of each debtor."""
        owned: dict[str, list[PromisedInvoice]] = {}
        for each in self.invoices:
            owned.setdefault(each.customer_id, []).append(each)
        return {each: self._of(each, own) for each, own in owned.items()}

    def _of(self, customer_id: str, own: Sequence[PromisedInvoice]) -> PromiseBasis:
        terms, country = self.others.get(customer_id, (self.terms, self.country))
        return replace(self, invoices=own, terms=terms, country=country)

    def suspended_until(self, promised_on: date) -> date:
        """Return the promised day plus the business days of grace."""
        day = promised_on
        for _ in range(self.terms.grace_business_days):
            day = working_day_from(self.country, day + timedelta(days=1))
        return day


NOTHING_OWED = PromiseBasis(invoices=(), terms=PromiseTerms(), country="")
"""Basis of a promise for invoices that do not exist."""
