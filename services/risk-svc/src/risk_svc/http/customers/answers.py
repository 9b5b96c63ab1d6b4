"""Answers about a customer's exposure, payment behaviour and limit."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.risk import ExposureSeen
from encours.contracts.insured.share import InsuredShare
from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.http.rates import PublishedRateOut
from encours.reading.moment import TimeTravel
from encours.reading.reasons import sentence
from risk_svc.domain.exposure import CurrencyShare, ExposureItem, WholeExposure
from risk_svc.domain.hold import HoldInForce
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import ExposureScope, Picture
from risk_svc.domain.score.behaviour import DEFINITION, Score, score
from risk_svc.domain.score.model import PaymentModel
from risk_svc.http.customers.forecasts import ForecastOut
from risk_svc.http.reasons import ReasonOut


class Components(BaseModel):
    """Exposure by component. `total` = not due + overdue + drafts + reserved + delivered − unapplied.

    `disputed`, `on_plan` and `insured` are parts of `open`.
    """

    open: MoneyModel
    not_due: MoneyModel
    overdue: MoneyModel
    disputed: MoneyModel
    on_plan: MoneyModel = Field(description="On a payment plan in force, and not in dispute.")
    insured: MoneyModel = Field(description="Part that credit insurance pays; not deducted.")
    drafts: MoneyModel = Field(
        description="Drafts of invoices; what waits for a clearance (`direct_invoices`) is left out."
    )
    reserved: MoneyModel = Field(description="Accepted orders, neither delivered nor billed.")
    delivered: MoneyModel = Field(description="Goods delivered and not billed.")
    unapplied: MoneyModel
    guaranteed: MoneyModel = Field(description="Guarantees in force; they raise what the limit allows.")
    total: MoneyModel
    oldest_days_past_due: int

    @classmethod
    def of(cls, seen: ExposureSeen, currency: str) -> Components:
        """Return the components of an exposure in one currency."""
        return cls(
            open=MoneyModel.of(seen.not_due_minor + seen.overdue_minor, currency),
            not_due=MoneyModel.of(seen.not_due_minor, currency),
            overdue=MoneyModel.of(seen.overdue_minor, currency),
            disputed=MoneyModel.of(seen.disputed_minor, currency),
            on_plan=MoneyModel.of(seen.on_plan_minor, currency),
            insured=MoneyModel.of(seen.insured_minor, currency),
            drafts=MoneyModel.of(seen.drafts_minor, currency),
            reserved=MoneyModel.of(seen.reserved_minor, currency),
            delivered=MoneyModel.of(seen.delivered_minor, currency),
            unapplied=MoneyModel.of(seen.unapplied_minor, currency),
            guaranteed=MoneyModel.of(seen.guaranteed_minor, currency),
            total=MoneyModel.of(seen.total_minor, currency),
            oldest_days_past_due=seen.oldest_days_past_due,
        )


class LimitOut(BaseModel):
    """The limit in force; the last one if it has expired."""

    limit_id: str
    amount: MoneyModel
    max_days_past_due: int
    valid_until: BusinessDate | None
    expired: bool

    @classmethod
    def of(cls, limit: ApprovedLimit | None, day: date) -> LimitOut | None:
        """Return the limit on a day, or ``None`` for a customer without one."""
        if limit is None:
            return None
        return cls(
            limit_id=limit.limit_id,
            amount=MoneyModel.of(limit.amount_minor, limit.currency),
            max_days_past_due=limit.max_days_past_due,
            valid_until=limit.valid_until,
            expired=limit.expired(day),
        )


class ExposureShareOut(BaseModel):
    """The part of an exposure that is in one currency, and its rate; both null in the currency of the whole."""

    currency: str
    total: MoneyModel
    converted: MoneyModel | None = Field(description="Null where no rate is known.")
    rate: PublishedRateOut | None

    @classmethod
    def of(cls, share: CurrencyShare, currency: str) -> ExposureShareOut:
        """Return a part of an exposure."""
        in_currency = share.converted
        return cls(
            currency=share.currency,
            total=MoneyModel.of(share.seen.total_minor, share.currency),
            converted=MoneyModel.of(in_currency.total_minor, currency) if in_currency else None,
            rate=PublishedRateOut.of(share.rate),
        )


class WholeExposureOut(BaseModel):
    """Exposure of all currencies in that of the limit, else in the customer's main one, at the rates of the day."""

    currency: str
    components: Components = Field(description="Sum of the parts that could be converted.")
    shares: list[ExposureShareOut]
    missing_rates: list[str] = Field(
        description="Currencies without a rate: their parts are in no sum, and the exposure is unknown."
    )

    @classmethod
    def of(cls, whole: WholeExposure) -> WholeExposureOut:
        """Return the exposure with its parts."""
        return cls(
            currency=whole.currency,
            components=Components.of(whole.known, whole.currency),
            shares=[ExposureShareOut.of(share, whole.currency) for share in whole.shares],
            missing_rates=list(whole.missing),
        )


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
    def of(cls, result: Score) -> ScoreFields:
        """Return the fields of a score."""
        tenths = result.expected_delay_tenths
        return cls(
            definition=DEFINITION,
            score=result.value,
            expected_days_late=None if tenths is None else tenths / 10,
            settled_invoices=result.settled,
            open_late_invoices=result.open_late,
            reasons=[ReasonOut.of(reason) for reason in result.reasons],
        )


class InsuredShareOut(BaseModel):
    """Insured part of the debts of a customer under one contract, in the contract's currency."""

    customer_id: str
    contract_code: str
    cover: MoneyModel = Field(
        description="Amount that debts may reach with new deliveries; zero once it stops."
    )
    covered: MoneyModel = Field(description="Open debts within the covers, without disputed parts.")
    insured: MoneyModel = Field(description="Part that the insurer pays.")
    converted: MoneyModel | None = Field(
        description="That part in the currency of `whole`; null where no rate is known."
    )
    lost: MoneyModel = Field(description="Debts within the covers whose claim is lost by a missed deadline.")
    stop: str | None = Field(description="Reason for which new deliveries are not covered, in English.")
    stop_reason: ReasonOut | None

    @classmethod
    def all_of(cls, picture: Picture, whole: WholeExposure) -> list[InsuredShareOut]:
        """Return the parts of all customers whose exposure is shown."""
        return [cls._of(member, share, whole) for member in picture.members for share in member.insured]

    @classmethod
    def _of(cls, member: Picture, share: InsuredShare, whole: WholeExposure) -> InsuredShareOut:
        code = share.currency
        in_whole = whole.in_whole(share.insured_minor, code)
        return cls(
            customer_id=member.customer_id,
            contract_code=share.contract_code,
            cover=MoneyModel.of(share.cover_minor, code),
            covered=MoneyModel.of(share.covered_minor, code),
            insured=MoneyModel.of(share.insured_minor, code),
            converted=None if in_whole is None else MoneyModel.of(in_whole, whole.currency),
            lost=MoneyModel.of(share.lost_minor, code),
            stop=sentence(share.stop.reason, "en") if share.stop else None,
            stop_reason=ReasonOut.of(share.stop.reason) if share.stop else None,
        )


class ExposureOut(AsOf):
    """Exposure of a customer in one currency, with those of `scope`."""

    customer_id: str
    entity_id: str
    scope: ExposureScope
    currency: str
    currencies: list[str] = Field(description="Every currency in which the customers shown have exposure.")
    components: Components
    whole: WholeExposureOut
    limit: LimitOut | None
    insured: list[InsuredShareOut] = Field(description="Of each customer shown and each contract.")
    limit_holder_id: str = Field(
        description="Customer whose limit holds: the head of the group, else the payer, else the customer itself."
    )
    members: list[str] = Field(description="Customers whose exposure is shown, this one first.")
    headroom: MoneyModel | None = Field(
        description="Limit and guarantees less the exposure of all who share the limit, whatever `scope` is; in the "
        "limit's currency, null without a rate."
    )

    @classmethod
    def of(
        cls, picture: Picture, shown: Picture, scope: ExposureScope, currency: str | None, time: TimeTravel
    ) -> ExposureOut:
        """Return the exposure of those in scope, in the currency or in their main one; limit and headroom as ever."""
        code = currency or shown.main_currency
        limit, headroom = picture.limit, picture.headroom_minor(time.as_of)
        whole = shown.whole(limit.currency if limit else code, time.as_of)
        return cls(
            customer_id=picture.customer_id,
            entity_id=picture.entity_id,
            scope=scope,
            currency=code,
            currencies=shown.currencies,
            components=Components.of(shown.exposure(code, time.as_of), code),
            whole=WholeExposureOut.of(whole),
            limit=LimitOut.of(limit, time.as_of),
            insured=InsuredShareOut.all_of(shown, whole),
            limit_holder_id=picture.limit_holder_id,
            members=[member.customer_id for member in shown.members],
            headroom=None if headroom is None or limit is None else MoneyModel.of(headroom, limit.currency),
            **time.echo(),
        )


class ScoreOut(AsOf):
    """The payment-behaviour score of a customer."""

    customer_id: str
    behaviour: ScoreFields
    forecast: ForecastOut

    @classmethod
    def of(cls, picture: Picture, model: PaymentModel, time: TimeTravel) -> ScoreOut:
        """Show score and forecast at the requested dates, by the model in use then."""
        return cls(
            customer_id=picture.customer_id,
            behaviour=ScoreFields.of(score(picture.all_items(), time.as_of)),
            forecast=ForecastOut.of(picture, model, time.as_of),
            **time.echo(),
        )


class OpenInvoice(BaseModel):
    """An invoice with an open balance."""

    invoice_id: str
    number: str
    due_on: BusinessDate
    days_past_due: int
    outstanding: MoneyModel
    overdue: MoneyModel = Field(description="The part of it that is past due, by its instalments.")
    disputed: MoneyModel

    @classmethod
    def of(cls, item: ExposureItem, currency: str, day: date) -> OpenInvoice:
        """Return the item on a day."""
        return cls(
            invoice_id=item.invoice_id,
            number=item.number,
            due_on=item.due_on,
            days_past_due=max(0, item.days_past_due(day)),
            outstanding=MoneyModel.of(item.open_minor, currency),
            overdue=MoneyModel.of(item.overdue_minor(day), currency),
            disputed=MoneyModel.of(item.disputed_minor, currency),
        )


class OrderHoldOut(BaseModel):
    """A hold on the customer's orders that is in force."""

    id: str
    cause: str
    since: BusinessDate
    until: BusinessDate | None
    text: str
    reason: ReasonOut | None = Field(description="Reason of the policy, where it is kept; null by hand.")

    @classmethod
    def of(cls, held: HoldInForce) -> OrderHoldOut:
        """Return a hold."""
        return cls(
            id=held.credit_hold_id,
            cause=held.cause,
            since=held.placed_on,
            until=held.until,
            text=held.text,
            reason=ReasonOut.of(held.reason) if held.reason else None,
        )


class PortfolioItem(BaseModel):
    """A customer in the ranking by exposure."""

    customer_id: str
    entity_id: str
    name: str
    currency: str | None
    components: Components | None
    score: int | None
    expected_days_late: float | None

    @classmethod
    def of(cls, picture: Picture, currency: str | None, day: date) -> PortfolioItem:
        """Return the customer on a day, in the currency, or else in its main one if it has exposure."""
        behaviour = ScoreFields.of(score(picture.all_items(), day))
        code = currency or (picture.main_currency if picture.currencies else None)
        return cls(
            customer_id=picture.customer_id,
            entity_id=picture.entity_id,
            name=picture.name,
            currency=code,
            components=Components.of(picture.exposure(code, day), code) if code else None,
            score=behaviour.score,
            expected_days_late=behaviour.expected_days_late,
        )


class Portfolio(Listing[PortfolioItem], AsOf):
    """Customers by exposure."""

    currency: str | None = Field(
        description="Currency of the ranking and of every row; null where rows differ."
    )
