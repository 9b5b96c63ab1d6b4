"""Answer with all that a credit decision on a customer rests on."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.contracts import Recorded
from encours.http.models import BusinessDate
from encours.http.queries import AsOf
from encours.reading.moment import TimeTravel
from encours.reading.summary import summary
from risk_svc.domain.picture import ExposureScope, Picture
from risk_svc.domain.score.behaviour import score
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.terms.required import required
from risk_svc.http.checks.answers import CheckOut
from risk_svc.http.credit_file.parts import FileParts
from risk_svc.http.customers.answers import (
    Components,
    InsuredShareOut,
    LimitOut,
    OpenInvoice,
    OrderHoldOut,
    ScoreFields,
    WholeExposureOut,
)
from risk_svc.http.customers.forecasts import ForecastOut
from risk_svc.http.facts.answers import CreditCommentOut, CreditFactOut
from risk_svc.http.guarantees.answers import GuaranteeOut
from risk_svc.http.insurance.answers import InsuranceCoverOut
from risk_svc.http.limits.answers import LimitRequestOut
from risk_svc.http.openings.answers import AccountOpeningOut
from risk_svc.http.proposals.answers import FinancialsOut
from risk_svc.http.reservations.answers import ReservationOut
from risk_svc.http.reviews.answers import PostponedReviewOut
from risk_svc.http.standing.answers import BadgeOut, CreditHoldOut
from risk_svc.http.terms.answers import RequiredGuaranteeOut, TermsProposalOut
from risk_svc.http.warnings.answers import CreditWarningOut
from risk_svc.read_models.file.query import MOST_ORDERS


class FileEntryOut(BaseModel):
    """An event about the customer's credit."""

    position: int
    effective_on: BusinessDate
    type: str
    actor: str
    en: str
    fr: str

    @classmethod
    def of(cls, e: Recorded) -> FileEntryOut:
        """Return an event in words."""
        return cls(
            position=e.position,
            effective_on=e.effective_on,
            type=e.type,
            actor=e.actor,
            en=summary(e.data, "en"),
            fr=summary(e.data, "fr"),
        )


class CreditFileOut(AsOf):
    """All figures for a credit decision: exposure and insured parts are those of `members`, by `scope`."""

    customer_id: str
    entity_id: str
    name: str
    limit_holder_id: str
    scope: ExposureScope
    members: list[str]
    exposures: dict[str, Components]
    whole: WholeExposureOut
    limit: LimitOut | None
    behaviour: ScoreFields
    forecast: ForecastOut
    holds: list[OrderHoldOut] = Field(description="Holds in force, those of the limit's holder included.")
    hold_history: list[CreditHoldOut] = Field(
        description="All holds on the customer's own orders, newest first; those that have ended too."
    )
    badge: BadgeOut | None = Field(
        description="Mark of a bad payer [mauvais payeur], with its day and reason; null for a customer without one."
    )
    insured: list[InsuredShareOut]
    open_invoices: list[OpenInvoice]
    insolvent: bool = Field(description="Insolvency proceedings are in force.")
    limit_requests: list[LimitRequestOut] = Field(description="Of all records of the customer, newest first.")
    checks: list[CheckOut] = Field(
        description="Checks that reserve nothing, with their decisions, newest first; the latest 50."
    )
    orders: list[ReservationOut] = Field(
        description=f"Orders on credit with their decisions, newest first; the latest {MOST_ORDERS}."
    )
    orders_left_out: int = Field(
        description="Number of earlier orders, which are listed by GET /v1/reservations."
    )
    guarantees: list[GuaranteeOut]
    covers: list[InsuranceCoverOut] = Field(
        description="Insurance covers of all records of the customer, newest first; those that have ended too."
    )
    financials: list[FinancialsOut] = Field(
        description="Reported figures by balance sheet, the latest first; of two for one day the one filed last."
    )
    terms: list[TermsProposalOut] = Field(description="Terms proposed because of the risk.")
    required_guarantees: list[RequiredGuaranteeOut] = Field(
        description="Guarantees that were agreed because of the risk, those to be obtained first."
    )
    review: PostponedReviewOut | None = Field(description="Last postponement of the review, of all records.")
    facts: list[CreditFactOut] = Field(description="The last observed first.")
    comments: list[CreditCommentOut] = Field(description="Those that the caller may read, the last first.")
    warnings: list[CreditWarningOut] = Field(description="Early warnings, newest first.")
    account: AccountOpeningOut | None = Field(description="Null if nobody has asked for an account.")
    timeline: list[FileEntryOut] = Field(
        description="Events of all that is above, newest first; the latest 200."
    )

    @classmethod
    def of(
        cls,
        picture: Picture,
        shown: Picture,
        scope: ExposureScope,
        model: PaymentModel,
        parts: FileParts,
        time: TimeTravel,
    ) -> CreditFileOut:
        """Show the file at the requested dates; ``shown`` is the customer with those in scope."""
        day = time.as_of
        whole = shown.whole(picture.limit.currency if picture.limit else shown.main_currency, day)
        return cls(
            customer_id=picture.customer_id,
            entity_id=picture.entity_id,
            name=picture.name,
            limit_holder_id=picture.limit_holder_id,
            scope=scope,
            members=[member.customer_id for member in shown.members],
            exposures={code: Components.of(shown.exposure(code, day), code) for code in shown.currencies},
            whole=WholeExposureOut.of(whole),
            limit=LimitOut.of(picture.limit, day),
            behaviour=ScoreFields.of(score(picture.all_items(), day)),
            forecast=ForecastOut.of(picture, model, day),
            holds=[OrderHoldOut.of(held) for held in (*picture.holds, *picture.holder_holds)],
            hold_history=[CreditHoldOut.of(*each) for each in parts.holds],
            badge=BadgeOut.of(*parts.badge) if parts.badge else None,
            insured=InsuredShareOut.all_of(shown, whole),
            open_invoices=[
                OpenInvoice.of(item, code, day) for code, item in picture.items if item.open_minor
            ],
            insolvent=picture.insolvent,
            limit_requests=[LimitRequestOut.of(*each) for each in parts.limits],
            checks=[CheckOut.of(state) for state, _ in parts.checks],
            orders=[ReservationOut.of(*each) for each in parts.orders],
            orders_left_out=parts.orders_left_out,
            guarantees=[GuaranteeOut.of(*each) for each in parts.guarantees],
            covers=[InsuranceCoverOut.of(*each) for each in parts.covers],
            financials=[FinancialsOut.of_event(each) for each in parts.financials],
            terms=[TermsProposalOut.of(each) for state in parts.terms for each in state.proposals],
            required_guarantees=[
                RequiredGuaranteeOut.of(each)
                for each in required(
                    [proposed for state in parts.terms for proposed in state.proposals],
                    [given for given, _ in parts.guarantees],
                    day,
                )
            ],
            review=PostponedReviewOut.of(parts.review) if parts.review else None,
            facts=[CreditFactOut.of(each, day) for each in parts.facts],
            comments=[CreditCommentOut.of(each) for each in parts.comments],
            warnings=[CreditWarningOut.of(each) for each in parts.warnings],
            account=next((AccountOpeningOut.of(each) for each in parts.accounts if each.asked), None),
            timeline=[FileEntryOut.of(each) for each in parts.timeline],
            **time.echo(),
        )
