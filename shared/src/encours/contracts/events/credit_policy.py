"""Credit policy of an entity. Stream: the policy. Appended by risk-svc."""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.risk_terms import RiskTermsRule
from encours.contracts.events.sales.approval import ApprovalRule, Approver

DirectInvoices = Literal["free", "cleared"]
"""Invoices of no delivery in Encours: issued whatever the limit, or only for what reservations have let pass."""


class HoldRules(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Causes that hold a customer's orders; none that is absent does."""

    days_past_due: int | None = None
    """An invoice that no money covers is open for more days past due."""
    dunning_steps: tuple[str, ...] = ()
    """Steps of the ladder; each holds once a reminder takes it."""
    insolvency: bool = False
    cover_stopped: bool = False
    """Credit insurance covers no new delivery."""
    broken_promises: int | None = None
    """So many promises of the last year are broken while an invoice is past due."""
    badge_days_past_due: int | None = None
    """The customer also gets the badge of a bad payer [mauvais payeur] from more days past due."""


class OrderRules(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Rules of orders on credit."""

    need_reservation: bool = False
    """Goods of an order in Encours are delivered only by a reservation of the order that covers them."""
    grace_days: int | None = None
    """Days for which a blocked order waits for a decision; ``None``: as long as its reservation would last."""
    direct_invoices: DirectInvoices = "free"


class CreditPolicySet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The credit policy of an entity from now on; all of it."""

    TYPE: ClassVar[str] = "credit_policy.set"
    credit_policy_id: str
    entity_id: str
    version: int
    holds: HoldRules
    authorities: tuple[ApprovalRule, ...]
    """Roles that decide on limits, and on blocked orders, of that amount or more."""
    approvers: tuple[Approver, ...]
    orders: OrderRules | None = None
    terms_rules: tuple[RiskTermsRule, ...] = ()
    """Rules by which terms are proposed to customers."""
    guarantee_days: int | None = None
    """Days from its acceptance within which a guarantee is to be obtained; ``None``: the usual ones."""
