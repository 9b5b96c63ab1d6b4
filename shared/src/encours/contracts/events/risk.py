"""Credit limits and checks. Streams: the limit request, the decision of a check. Appended by risk-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Conversion
from encours.contracts.events.limit_formula import LimitProposal
from encours.contracts.events.score import CreditGrade


class ExposureSeen(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Exposure by component at the moment of a decision, minor units."""

    not_due_minor: int
    overdue_minor: int
    disputed_minor: int
    """Part of not due and overdue that is contested; not added again."""
    drafts_minor: int
    unapplied_minor: int
    """Cash not yet allocated; deducted."""
    total_minor: int
    oldest_days_past_due: int
    reserved_minor: int = 0
    """Orders that were accepted and not delivered or billed."""
    delivered_minor: int = 0
    """Goods delivered and not billed."""
    guaranteed_minor: int = 0
    """Guarantees in force; not deducted from the total, but added to what the limit allows."""
    on_plan_minor: int = 0
    """Part of not due and overdue that is on a payment plan in force and not contested; not added again."""
    insured_minor: int = 0
    """Part of not due and overdue that credit insurance pays; not deducted."""


class ExposureShare(Value, frozen=True, kw_only=True):
    """The part of an exposure that is in one currency."""

    currency: str
    total_minor: int
    converted: Conversion | None
    """In the currency of the whole, at the published rate of the day; ``None`` where no rate was known, so that the
    exposure was unknown."""


class DepositSeen(Value, frozen=True, kw_only=True):
    """Deposit of an order in Encours for which its goods wait, minor units, at the moment of a decision."""

    agreed_minor: int
    paid_minor: int
    """Paid on deposit invoices that name the order."""
    currency: str


class LimitBasis(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Figures of a decision on a limit, as they were known at ``seen_position``: amounts in ``currency``."""

    holder_id: str
    """Customer whose limit holds for the one that the request is for."""
    currency: str
    """Currency of the request."""
    exposure: ExposureSeen
    seen_position: int
    lag: int
    """Events in the ledger after that position when the decision was taken."""
    shares: tuple[ExposureShare, ...] = ()
    """The parts of the exposure that are in other currencies."""
    limit_id: str | None = None
    """The last limit before."""
    grade: CreditGrade | None = None
    score_model: str | None = None


class LimitRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Someone asks for a limit in amount and in days past due."""

    TYPE: ClassVar[str] = "limit.requested"
    limit_id: str
    customer_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    evidence: str
    valid_from: date | None = None
    """First day; that of the approval if not given or past."""
    proposal: LimitProposal | None = None
    """Proposal of the formula that the request takes over."""


class LimitApproved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The limit is in force until it expires or another is approved."""

    TYPE: ClassVar[str] = "limit.approved"
    limit_id: str
    customer_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    text: str | None
    valid_from: date | None = None
    """First day, if it is later than that of the approval."""
    conditions: str | None = None
    """Conditions of the approval, such as a deposit."""
    role: str | None = None
    """Role that the amount needs; ``None`` where the entity's policy asks for none."""
    in_place_of: str | None = None
    """Actor that the decider substitutes."""
    basis: LimitBasis | None = None
    """``None`` before figures were kept."""


class LimitRefused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The request is turned down; what was in force stays."""

    TYPE: ClassVar[str] = "limit.refused"
    limit_id: str
    customer_id: str
    text: str
    role: str | None = None
    in_place_of: str | None = None
    basis: LimitBasis | None = None
    """``None`` before figures were kept."""


class CreditChecked(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An order was checked against limit and behaviour; what was seen is kept with the answer.

    ``exposure`` and ``limit_minor`` are in ``exposure_currency``.
    """

    TYPE: ClassVar[str] = "credit.checked"
    decision_id: str
    customer_id: str
    amount_minor: int
    currency: str
    deliver_on: date | None
    decision: Literal["accept", "refer", "refuse"]
    reasons: tuple[str, ...]
    exposure: ExposureSeen
    limit_id: str | None
    limit_minor: int | None
    limit_max_days: int | None
    score: int | None
    seen_position: int
    lag: int
    exposure_currency: str | None = None
    """Currency of the limit, if it is not the order's."""
    shares: tuple[ExposureShare, ...] = ()
    """The parts of the exposure that are in other currencies than its own."""
    order_converted: Conversion | None = None
    """Amount of the order in ``exposure_currency``; ``None`` too where no rate was known."""
    grade: CreditGrade | None = None
    """Grade by ``score_model``, the version of the payment model; without one, ``score`` below 40 was a doubt."""
    score_model: str | None = None
    rules_version: int = 1
    """Version of the rules by which figures give a decision."""
    holder_id: str | None = None
    """Customer whose limit holds; ``None`` before version 3 of the rules."""
    left_minor: int | None = None
    """Limit and guarantees less exposure, before the order; ``None`` too without a limit or a rate that it needs."""
    order_id: str | None = None
    """Order in Encours that was checked."""
    deposit: DepositSeen | None = None
    """Deposit that its deliveries wait for; ``None`` without one, and before version 5 of the rules."""
