"""Bodies of the risk API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from encours.contracts.risk import ExposureSeen
from encours.http.models import Body, BusinessDate, Id, LongText, MoneyModel, NonNegativeMoney, PositiveMoney
from encours.http.queries import AsOf
from risk_svc.domain.check import REASONS, Limit
from risk_svc.domain.score import DEFINITION, Score

CustomerId = Annotated[str, Id("cus")]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]


class LimitBody(Body):
    """Ask for a credit limit."""

    customer_id: CustomerId
    amount: NonNegativeMoney
    max_days_past_due: Days = Field(
        description="Orders are refused while an invoice is open for longer than this."
    )
    valid_until: BusinessDate | None = None
    evidence: LongText = Field(
        description="What the request rests on.", examples=["Balance sheet 2025, equity 1.2 M EUR"]
    )


class ApproveBody(Body):
    """Approve as asked, or lower."""

    amount: NonNegativeMoney | None = None
    max_days_past_due: Days | None = None
    text: LongText | None = None


class RefuseBody(Body):
    """Turn a request down."""

    text: LongText


class CheckBody(Body):
    """An order to be checked."""

    customer_id: CustomerId
    amount: PositiveMoney
    deliver_on: BusinessDate | None = Field(
        default=None,
        description="Day of delivery, on which the limit must be in force; today if not given, never in the past.",
    )


class Components(BaseModel):
    """Exposure by component. `total` = not due + overdue + drafts − unapplied; `disputed` is a part of `open`."""

    open: MoneyModel
    not_due: MoneyModel
    overdue: MoneyModel
    disputed: MoneyModel
    drafts: MoneyModel
    unapplied: MoneyModel
    total: MoneyModel
    oldest_days_past_due: int

    @classmethod
    def of(cls, seen: ExposureSeen, currency: str) -> Components:
        """From a decision's record."""
        return cls(
            open=MoneyModel.of(seen.not_due_minor + seen.overdue_minor, currency),
            not_due=MoneyModel.of(seen.not_due_minor, currency),
            overdue=MoneyModel.of(seen.overdue_minor, currency),
            disputed=MoneyModel.of(seen.disputed_minor, currency),
            drafts=MoneyModel.of(seen.drafts_minor, currency),
            unapplied=MoneyModel.of(seen.unapplied_minor, currency),
            total=MoneyModel.of(seen.total_minor, currency),
            oldest_days_past_due=seen.oldest_days_past_due,
        )


class LimitOut(BaseModel):
    """The limit in force, or the last one if it has expired."""

    limit_id: str
    amount: MoneyModel
    max_days_past_due: int
    valid_until: BusinessDate | None
    expired: bool

    @classmethod
    def of(cls, limit: Limit | None, day: BusinessDate) -> LimitOut | None:
        """As it stands on a day."""
        if limit is None:
            return None
        return cls(
            limit_id=limit.limit_id,
            amount=MoneyModel.of(limit.amount_minor, limit.currency),
            max_days_past_due=limit.max_days_past_due,
            valid_until=limit.valid_until,
            expired=limit.valid_until is not None and limit.valid_until < day,
        )


class ReasonOut(BaseModel):
    """A stable code and what it says."""

    code: str
    text: str


class ScoreFields(BaseModel):
    """Payment behaviour, 0 to 100, higher is better; null without history."""

    definition: str
    score: int | None
    expected_days_late: float | None = Field(
        description="Expected days from due date to payment, open late invoices counted."
    )
    settled_invoices: int
    open_late_invoices: int
    reasons: list[ReasonOut]

    @classmethod
    def fields(cls, result: Score) -> ScoreFields:
        """From the measure."""
        tenths = result.expected_delay_tenths
        return cls(
            definition=DEFINITION,
            score=result.value,
            expected_days_late=None if tenths is None else tenths / 10,
            settled_invoices=result.settled,
            open_late_invoices=result.open_late,
            reasons=[ReasonOut(code=reason.code, text=reason.text) for reason in result.reasons],
        )


class ExposureOut(AsOf):
    """Exposure of a customer in one currency."""

    customer_id: str
    entity_id: str
    currency: str
    currencies: list[str] = Field(description="Every currency in which the customer has exposure.")
    components: Components
    limit: LimitOut | None
    headroom: MoneyModel | None = Field(
        description="Limit less exposure, in the limit's currency if it is this one."
    )


class ScoreOut(AsOf):
    """The payment-behaviour score of a customer."""

    customer_id: str
    behaviour: ScoreFields


class OpenInvoice(BaseModel):
    """An invoice with an open balance."""

    invoice_id: str
    number: str
    due_on: BusinessDate
    days_past_due: int
    outstanding: MoneyModel
    disputed: MoneyModel


class CreditFileOut(AsOf):
    """Everything that a credit decision looks at, on one page."""

    customer_id: str
    entity_id: str
    name: str
    exposures: dict[str, Components]
    limit: LimitOut | None
    behaviour: ScoreFields
    open_invoices: list[OpenInvoice]


class PortfolioItem(BaseModel):
    """A customer in the ranking by exposure."""

    customer_id: str
    entity_id: str
    name: str
    currency: str | None
    components: Components | None
    score: int | None
    expected_days_late: float | None


class LimitRequestOut(BaseModel):
    """A limit request and its answer."""

    id: str
    customer_id: str
    entity_id: str
    state: Literal["requested", "approved", "refused"]
    amount: MoneyModel
    max_days_past_due: int
    valid_until: BusinessDate | None
    evidence: str
    text: str | None
    requested_by: str
    decided_by: str | None
    version: int


class LimitRequestAsOf(LimitRequestOut, AsOf):
    """A limit request at the dates asked for."""


class LimitListItem(BaseModel):
    """A limit request in a list."""

    id: str
    customer_id: str
    entity_id: str
    state: str
    amount: MoneyModel
    max_days_past_due: int
    valid_until: BusinessDate | None
    requested_on: BusinessDate
    decided_on: BusinessDate | None


class CheckOut(BaseModel):
    """The decision on an order, with what it saw."""

    decision_id: str
    customer_id: str
    amount: MoneyModel
    deliver_on: BusinessDate | None
    decision: Literal["accept", "refer", "refuse"]
    reasons: list[ReasonOut]
    exposure_seen: Components
    limit_seen: MoneyModel | None
    score_seen: int | None
    checked_on: BusinessDate
    seen_position: int = Field(description="The ledger position of what was seen.")
    lag: int = Field(description="Events that the ledger held beyond that position when it was seen.")


def reasons(codes: tuple[str, ...]) -> list[ReasonOut]:
    """Stable codes with their sentences."""
    return [ReasonOut(code=code, text=REASONS.get(code, code)) for code in codes]
