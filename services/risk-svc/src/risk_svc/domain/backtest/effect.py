"""Effect of a policy on past orders: what it accepts, refers and refuses, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from encours.contracts.events.reservation import CreditDecision
from encours.contracts.events.score import CreditGrade
from risk_svc.domain.backtest.judge import OrderKind
from risk_svc.domain.backtest.losses import OutcomeKind


class OrderLine(msgspec.Struct, kw_only=True):
    """A past order with the verdicts of the policy and of the present one, and its outcome; minor units."""

    order_id: str
    kind: OrderKind
    customer_id: str
    entity_id: str
    currency: str
    day: date
    amount_minor: int
    accepted: bool
    """True if it was really accepted, at once or later; an invoice without an order always was."""
    decision: CreditDecision
    reasons: list[str]
    limit_minor: int | None
    limit_currency: str
    grade: CreditGrade | None
    present: CreditDecision
    present_reasons: list[str]
    outcome: OutcomeKind = "not_billed"
    days_late: int = 0
    open_minor: int = 0
    written_off_minor: int = 0
    provisioned_minor: int = 0
    vat_minor: int = 0
    insured_minor: int = 0
    guaranteed_minor: int = 0
    loss_minor: int = 0


class PolicyEffect(msgspec.Struct, kw_only=True):
    """Orders by verdict, and of those refused what was avoided and what was blocked; minor units."""

    orders: int = 0
    amount_minor: int = 0
    accepted: int = 0
    accepted_minor: int = 0
    referred: int = 0
    referred_minor: int = 0
    refused: int = 0
    refused_minor: int = 0
    written_off_minor: int = 0
    provisioned_minor: int = 0
    vat_minor: int = 0
    insured_minor: int = 0
    guaranteed_minor: int = 0
    losses_avoided_minor: int = 0
    """Net losses of refused orders: the amounts above, less VAT, cover and guarantees."""
    losses_referred_minor: int = 0
    losses_accepted_minor: int = 0
    good_blocked: int = 0
    good_blocked_minor: int = 0
    """Refused orders that were paid."""
    undecided: int = 0
    undecided_minor: int = 0
    """Refused orders that are open without a loss, or never billed."""

    def add(self, decision: CreditDecision, line: OrderLine) -> None:
        """Add an order by its verdict."""
        amount, loss = line.amount_minor, line.loss_minor
        self.orders += 1
        self.amount_minor += amount
        match decision:
            case "accept":
                self.accepted += 1
                self.accepted_minor += amount
                self.losses_accepted_minor += loss
            case "refer":
                self.referred += 1
                self.referred_minor += amount
                self.losses_referred_minor += loss
            case "refuse":
                self.refused += 1
                self.refused_minor += amount
                self.losses_avoided_minor += loss
                self._refused(line)

    def _refused(self, line: OrderLine) -> None:
        self.written_off_minor += line.written_off_minor
        self.provisioned_minor += line.provisioned_minor
        self.vat_minor += line.vat_minor
        self.insured_minor += line.insured_minor
        self.guaranteed_minor += line.guaranteed_minor
        if line.outcome == "paid":
            self.good_blocked += 1
            self.good_blocked_minor += line.amount_minor
        elif line.outcome in ("open", "not_billed"):
            self.undecided += 1
            self.undecided_minor += line.amount_minor


class EffectPair(msgspec.Struct, kw_only=True):
    """Effect of the policy and of the present one on the same orders, of a key: currency, month or customer."""

    currency: str
    key: str = ""
    policy: PolicyEffect = msgspec.field(default_factory=PolicyEffect)
    present: PolicyEffect = msgspec.field(default_factory=PolicyEffect)

    def add(self, line: OrderLine) -> None:
        """Add an order."""
        self.policy.add(line.decision, line)
        self.present.add(line.present, line)


class EffectSums:
    """Effects of all orders: in all, by month and by customer, each by currency."""

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[str, str], EffectPair]] = {"totals": {}, "months": {}}

    def add(self, lines: Iterable[OrderLine]) -> list[EffectPair]:
        """Add all orders of some customers; return their effects by customer."""
        customers: dict[tuple[str, str], EffectPair] = {}
        for line in lines:
            places = (
                (self._found["totals"], ""),
                (self._found["months"], f"{line.day:%Y-%m}"),
                (customers, line.customer_id),
            )
            for found, key in places:
                pair = found.setdefault((key, line.currency), EffectPair(currency=line.currency, key=key))
                pair.add(line)
        return [customers[each] for each in sorted(customers)]

    def sums(self, name: str) -> tuple[EffectPair, ...]:
        """Return the ``totals`` or the ``months`` in the order of month and currency."""
        return tuple(self._found[name][each] for each in sorted(self._found[name]))
