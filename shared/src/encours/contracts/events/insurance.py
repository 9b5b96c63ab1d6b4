"""Credit insurance: contracts with their terms, covers of buyers, and deadlines. Appended by risk-svc.

Streams: the contract, the cover, the deadline.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

CoverBuyer = Literal["named", "unnamed"]
"""``named``: the insurer decided on the buyer [agrément]. ``unnamed``: the contract covers it up to an amount."""
CoverTerm = Literal["permanent", "temporary"]
TurnoverPeriod = Literal["month", "quarter", "year"]
DueBasis = Literal["due_date", "extended_date"]
"""Day from which notice and hand-over are counted: the due date as it was invoiced, or the one agreed since then,
as far as the longest extension goes."""
DeadlineShift = Literal["none", "preceding", "following"]
DeadlineKind = Literal[
    "overdue_notice",
    "hand_over",
    "extension",
    "indemnity",
    "stop_of_cover",
    "cover_expiry",
    "contract_expiry",
    "turnover",
]
"""The insurer pays by ``indemnity``, the debtor by ``stop_of_cover``. The others are duties of the insured."""


class TurnoverRule(Value, frozen=True, kw_only=True):
    """The insured declares its turnover of each calendar period within so many days of its end."""

    period: TurnoverPeriod
    within_days: int


class PremiumRule(Value, frozen=True, kw_only=True):
    """Premium of the declared turnover, without tax."""

    rate_ppm: int
    """In millionths of the turnover."""
    minimum_minor: int
    """Least premium of an insurance year."""


class InsuranceTerms(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Terms of a contract; days are calendar days."""

    insured_share_bps: int
    """Share of a covered debt that the insurer pays, in basis points."""
    longest_extension_days: int
    """Days after the due date up to which payment may be extended without the insurer's consent."""
    notice_days: int
    """Days within which an overdue debt is notified."""
    hand_over_days: int
    """Days within which the claim is handed over."""
    waiting_days: int
    """Days from the hand-over until the insurer pays."""
    stop_days: int
    """Cover for new deliveries stops while a debt is past due by more days."""
    counted_from: DueBasis = "due_date"
    insolvency_days: int | None = None
    """Days after the opening of insolvency proceedings within which debts are notified and handed over."""
    unnamed_minor: int | None = None
    """Highest cover of a buyer on whom the insurer did not decide; ``None``: no such buyer is covered."""
    deductible_minor: int = 0
    """Part of the loss on a buyer that the insured bears, after its own share."""
    first_loss_minor: int = 0
    """Part of all losses of a year that the insured bears."""
    vat_included: bool = True
    """Debts are covered with their VAT."""
    turnover: TurnoverRule | None = None
    calendar: str = "TARGET"
    """Calendar of business days (``encours.kernel.business_days``)."""
    shift: DeadlineShift = "preceding"
    """Move of a deadline that is no business day."""
    alert_business_days: int = 10
    """Business days before a deadline at which it is alerted."""
    premium: PremiumRule | None = None


class InsuranceContractSet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Content of a credit-insurance contract from now on; all of it."""

    TYPE: ClassVar[str] = "insurance_contract.set"
    insurance_contract_id: str
    entity_id: str
    code: str
    version: int
    insurer: str
    policy_number: str
    currency: str
    valid_from: date
    valid_until: date | None
    conditions: InsuranceTerms


class CoverGranted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Debts of a buyer are covered up to an amount, for deliveries within a time."""

    TYPE: ClassVar[str] = "insurance_cover.granted"
    cover_id: str
    insurance_contract_id: str
    contract_code: str
    customer_id: str
    buyer: CoverBuyer
    term: CoverTerm
    amount_minor: int
    currency: str
    valid_from: date
    valid_until: date | None
    """Last day; ``None`` of a permanent cover that has none."""
    reference: str | None = None
    text: str | None = None


class CoverReduced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The insurer lowers a cover for deliveries from a day on; debts before it keep the earlier amount."""

    TYPE: ClassVar[str] = "insurance_cover.reduced"
    cover_id: str
    insurance_contract_id: str
    customer_id: str
    amount_minor: int
    currency: str
    from_on: date
    text: str | None = None


class CoverCancelled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A cover ends for deliveries from a day on, after a run-off; debts before it stay covered."""

    TYPE: ClassVar[str] = "insurance_cover.cancelled"
    cover_id: str
    insurance_contract_id: str
    customer_id: str
    from_on: date
    run_off_days: int = 0
    """Further days on which deliveries under binding orders are still covered."""
    by_insurer: bool = True
    text: str | None = None


class CoverStopped(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A debt is past due by more days than the contract allows: new deliveries are not covered."""

    TYPE: ClassVar[str] = "insurance_cover.stopped"
    cover_id: str
    insurance_contract_id: str
    customer_id: str
    invoice_id: str
    days_past_due: int
    seen_position: int | None = None
    """Position of the figures that were seen; ``None`` before it was kept."""
    judged_on: date | None = None
    """Day on which it was found, if that is later than its own: the work of a day was done late."""


class CoverResumed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """No debt is past due by more days than the contract allows: new deliveries are covered again."""

    TYPE: ClassVar[str] = "insurance_cover.resumed"
    cover_id: str
    insurance_contract_id: str
    customer_id: str
    seen_position: int | None = None
    """Position of the figures that were seen; ``None`` before it was kept."""
    judged_on: date | None = None
    """Day on which it was found, if that is later than its own: the work of a day was done late."""


class InsuranceDeadlineAlerted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A deadline of an insurance contract is near. A later alert tells that its last day has moved."""

    TYPE: ClassVar[str] = "insurance_deadline.alerted"
    deadline_id: str
    insurance_contract_id: str
    contract_code: str
    kind: DeadlineKind
    customer_id: str | None
    cover_id: str | None
    invoice_id: str | None
    period: str | None
    """Of a declaration of turnover: ``2026-03``, ``2026-Q1`` or ``2026``."""
    last_day: date
    basis: str
    amount_minor: int | None
    """Open amount of the invoice, or amount of the cover."""
    currency: str
    seen_position: int | None = None
    """Position of the figures that were seen; ``None`` before it was kept."""


class InsuranceDeadlineMissed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A deadline has passed unmet. A notice, hand-over or extension that is missed loses the claim on its invoice."""

    TYPE: ClassVar[str] = "insurance_deadline.missed"
    deadline_id: str
    insurance_contract_id: str
    contract_code: str
    kind: DeadlineKind
    customer_id: str | None
    cover_id: str | None
    invoice_id: str | None
    period: str | None
    last_day: date
    amount_minor: int | None
    currency: str
    seen_position: int | None = None
    """Position of the figures that were seen; ``None`` before it was kept."""


class InsuranceDeadlineMet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The insured has done, in time or late, what a deadline asks for: it told the insurer on ``met_on``."""

    TYPE: ClassVar[str] = "insurance_deadline.met"
    deadline_id: str
    insurance_contract_id: str
    contract_code: str
    kind: DeadlineKind
    customer_id: str | None
    cover_id: str | None
    invoice_id: str | None
    period: str | None
    last_day: date
    met_on: date
    reference: str | None = None
    text: str | None = None
    turnover_minor: int | None = None
    """Of a declaration of turnover: the amount that was declared, without VAT, in ``currency``."""
    currency: str | None = None
