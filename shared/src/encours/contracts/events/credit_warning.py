"""Early warnings about a customer, and the rules that raise them. Streams: the warning, the rules of an entity.

Appended by risk-svc.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

CreditWarningKind = Literal[
    "slowing_payments", "partial_payments", "broken_promises", "disputes_at_due", "limit_drift", "concentration"
]  # fmt: skip


class SlowingRule(Value, frozen=True, kw_only=True):
    """The customer pays later than before: a change-point in its delays."""

    invoices: int
    """Latest invoices that count."""
    least_before: int
    least_after: int
    """Fewest invoices on each side of the change."""
    raise_tenths: int
    """Statistic from which the warning is raised, in tenths."""
    keep_tenths: int
    """Statistic down to which it lasts, in tenths."""
    least_days: int
    """Least rise of the median delay."""


class PartialRule(Value, frozen=True, kw_only=True):
    """More invoices are paid in parts than before."""

    days: int
    """Last days that are compared with the ``before_days`` before them, by the first money of each invoice."""
    before_days: int
    least_invoices: int
    rise_bps: int


class PromisesRule(Value, frozen=True, kw_only=True):
    """Promises are broken."""

    days: int
    broken: int


class DisputesRule(Value, frozen=True, kw_only=True):
    """Disputes are opened as invoices fall due."""

    days: int
    """Last days whose due dates count."""
    before_due: int
    after_due: int
    """Days before and after the due date within which a dispute counts."""
    disputed: int
    share_bps: int
    """Least share of the invoices that fell due."""


class DriftRule(Value, frozen=True, kw_only=True):
    """The exposure rises within the limit, month by month."""

    months: int
    usage_bps: int
    """Least use of limit and guarantees at the end."""
    rise_bps: int
    """Least rise of the use over the months."""


class ConcentrationRule(Value, frozen=True, kw_only=True):
    """A customer, or those who share its limit, owe a large share of all that is open in a currency."""

    share_bps: int
    least_debtors: int
    """Fewest debtors with open invoices: of a few, one always has a large share."""


class WarningRules(Value, frozen=True, kw_only=True):
    """Rules of an entity; ``None`` raises no warning of the kind."""

    slowing_payments: SlowingRule | None
    partial_payments: PartialRule | None
    broken_promises: PromisesRule | None
    disputes_at_due: DisputesRule | None
    limit_drift: DriftRule | None
    concentration: ConcentrationRule | None


class WarningRulesSet(Event, frozen=True, kw_only=True):
    """Rules of an entity from now on; all of them."""

    TYPE: ClassVar[str] = "credit_warning_rules.set"
    warning_rules_id: str
    entity_id: str
    version: int
    rules: WarningRules


class WarningFigure(Value, frozen=True, kw_only=True):
    """A figure of the evidence, before and after. Its name ends in the unit: days, bps, tenths, minor."""

    name: str
    before: int | None
    after: int


class CreditWarningRaised(Event, frozen=True, kw_only=True):
    """A rule holds for a customer: the begin of an episode."""

    TYPE: ClassVar[str] = "credit_warning.raised"
    credit_warning_id: str
    customer_id: str
    kind: CreditWarningKind
    episode: int
    """Number of the episode among those of the customer and kind, from 1."""
    knowable_on: date
    """Day from which it could be known, by the events up to ``seen_position``."""
    seen_position: int
    rules_version: int
    currency: str | None
    """Currency of amounts in the figures."""
    invoices: tuple[str, ...]
    events: tuple[int, ...]
    """Positions of the events that it rests on beside the invoices."""
    figures: tuple[WarningFigure, ...]


class CreditWarningAcknowledged(Event, frozen=True, kw_only=True):
    """A person has seen the warning."""

    TYPE: ClassVar[str] = "credit_warning.acknowledged"
    credit_warning_id: str
    customer_id: str
    text: str


class CreditWarningEnded(Event, frozen=True, kw_only=True):
    """The rule does not hold any more, by the events up to ``seen_position``."""

    TYPE: ClassVar[str] = "credit_warning.ended"
    credit_warning_id: str
    customer_id: str
    seen_position: int
