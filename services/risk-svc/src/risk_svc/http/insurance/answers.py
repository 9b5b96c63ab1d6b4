"""Answers about insurance contracts, covers and deadlines."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.insurance import InsuranceTerms
from encours.contracts.insured.covers import InsuranceCover
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.insurance.backtest import LostClaim
from risk_svc.domain.insurance.contract import InsuranceContract
from risk_svc.domain.insurance.deadline import DeadlineState
from risk_svc.domain.insurance.deadlines import InsuranceDeadline
from risk_svc.use_cases.insurance import COVER, DEADLINE, INSURANCE_CONTRACT


class TurnoverRuleOut(BaseModel):
    """Declaration of turnover."""

    period: str
    within_days: int


class PremiumRuleOut(BaseModel):
    """Premium of the declared turnover, tax not included."""

    rate_ppm: int = Field(description="In millionths of the turnover.")
    minimum: MoneyModel = Field(description="Least premium of an insurance year.")


class InsuranceTermsOut(BaseModel):
    """Terms of a contract, in calendar days."""

    insured_share_bps: int
    longest_extension_days: int
    notice_days: int
    hand_over_days: int
    waiting_days: int
    stop_days: int
    counted_from: str
    insolvency_days: int | None
    unnamed_up_to: MoneyModel | None
    deductible: MoneyModel
    first_loss: MoneyModel
    vat_included: bool
    turnover: TurnoverRuleOut | None
    premium: PremiumRuleOut | None
    calendar: str
    shift: str
    alert_business_days: int

    @classmethod
    def of(cls, terms: InsuranceTerms, currency: str) -> InsuranceTermsOut:
        """Return the terms of a contract in a currency."""
        rule, premium = terms.turnover, terms.premium
        return cls(
            insured_share_bps=terms.insured_share_bps,
            longest_extension_days=terms.longest_extension_days,
            notice_days=terms.notice_days,
            hand_over_days=terms.hand_over_days,
            waiting_days=terms.waiting_days,
            stop_days=terms.stop_days,
            counted_from=terms.counted_from,
            insolvency_days=terms.insolvency_days,
            unnamed_up_to=None
            if terms.unnamed_minor is None
            else MoneyModel.of(terms.unnamed_minor, currency),
            deductible=MoneyModel.of(terms.deductible_minor, currency),
            first_loss=MoneyModel.of(terms.first_loss_minor, currency),
            vat_included=terms.vat_included,
            turnover=TurnoverRuleOut(period=rule.period, within_days=rule.within_days) if rule else None,
            premium=PremiumRuleOut(
                rate_ppm=premium.rate_ppm, minimum=MoneyModel.of(premium.minimum_minor, currency)
            )
            if premium
            else None,
            calendar=terms.calendar,
            shift=terms.shift,
            alert_business_days=terms.alert_business_days,
        )


class InsuranceContractOut(BaseModel):
    """A credit-insurance contract."""

    id: str
    code: str
    entity_id: str
    insurer: str
    policy_number: str
    currency: str
    valid_from: BusinessDate
    valid_until: BusinessDate | None
    terms: InsuranceTermsOut
    version: int

    @classmethod
    def of(cls, state: InsuranceContract, version: int) -> InsuranceContractOut:
        """Return the contract at a version of its stream."""
        content = state.content
        assert content is not None
        return cls(
            id=content.insurance_contract_id,
            code=content.code,
            entity_id=content.entity_id,
            insurer=content.insurer,
            policy_number=content.policy_number,
            currency=content.currency,
            valid_from=content.valid_from,
            valid_until=content.valid_until,
            terms=InsuranceTermsOut.of(content.conditions, content.currency),
            version=version,
        )


class InsuranceContractAsOf(InsuranceContractOut, AsOf):
    """A contract at the requested dates."""


class CoverAmountOut(BaseModel):
    """Amount for deliveries from a day on."""

    from_: BusinessDate = Field(alias="from")
    amount: MoneyModel


class CoverStopOut(BaseModel):
    """A stop of cover: first day, and the first day after it."""

    from_: BusinessDate = Field(alias="from")
    to: BusinessDate | None


class InsuranceCoverOut(BaseModel):
    """Cover of a buyer."""

    id: str
    customer_id: str
    entity_id: str
    contract_code: str
    buyer: str
    kind: str
    amounts: list[CoverAmountOut]
    valid_from: BusinessDate
    valid_until: BusinessDate | None
    cancelled_from: BusinessDate | None
    cancelled_by: str | None
    run_off_days: int
    stops: list[CoverStopOut]
    reference: str | None
    text: str | None
    version: int

    @classmethod
    def of(cls, state: InsuranceCover, version: int) -> InsuranceCoverOut:
        """Return the cover at a version of its stream."""
        granted, cancelled = state.content, state.cancelled
        by = None if cancelled is None else "insurer" if cancelled.by_insurer else "insured"
        return cls(
            id=granted.cover_id,
            customer_id=granted.customer_id,
            entity_id=state.entity_id,
            contract_code=granted.contract_code,
            buyer=granted.buyer,
            kind=granted.term,
            amounts=[
                CoverAmountOut(
                    **{"from": each.from_on, "amount": MoneyModel.of(each.amount_minor, granted.currency)}
                )
                for each in state.amounts
            ],
            valid_from=granted.valid_from,
            valid_until=granted.valid_until,
            cancelled_from=cancelled.from_on if cancelled else None,
            cancelled_by=by,
            run_off_days=cancelled.run_off_days if cancelled else 0,
            stops=[CoverStopOut(**{"from": each.from_on, "to": each.to_on}) for each in state.stops],
            reference=granted.reference,
            text=granted.text,
            version=version,
        )


class CoverAsOf(InsuranceCoverOut, AsOf):
    """A cover at the requested dates."""


class DeadlineOut(BaseModel):
    """A deadline of an insurance contract."""

    id: str
    kind: str
    status: str = Field(
        description="`ahead`, `alert` from its alert on, or `missed`: the claim on the invoice is lost."
    )
    last_day: BusinessDate
    alert_on: BusinessDate
    basis: str
    contract_code: str
    entity_id: str
    customer_id: str | None
    cover_id: str | None
    invoice_id: str | None
    invoice_number: str | None
    period: str | None
    amount: MoneyModel | None = Field(description="Open amount of the invoice, or amount of the cover.")
    alerted_on: BusinessDate | None = Field(description="Day on which the alert was recorded.")
    missed_on: BusinessDate | None = Field(description="Day on which it was recorded as missed.")

    @classmethod
    def of(cls, deadline: InsuranceDeadline, day: date) -> DeadlineOut:
        """Return the deadline on a day."""
        amount = deadline.amount_minor
        return cls(
            id=deadline.deadline_id,
            kind=deadline.kind,
            status=deadline.status(day),
            last_day=deadline.last_day,
            alert_on=deadline.alert_on,
            basis=deadline.basis,
            contract_code=deadline.contract_code,
            entity_id=deadline.entity_id,
            customer_id=deadline.customer_id,
            cover_id=deadline.cover_id,
            invoice_id=deadline.invoice_id,
            invoice_number=deadline.number,
            period=deadline.period,
            amount=None if amount is None else MoneyModel.of(amount, deadline.currency),
            alerted_on=deadline.facts.alerted_on,
            missed_on=deadline.facts.missed_on,
        )


class DeadlineList(Listing[DeadlineOut], AsOf):
    """Deadlines in the order of their last days."""

    until: BusinessDate


class MetDeadlineOut(BaseModel):
    """A deadline that was met, in time or late."""

    id: str
    kind: str
    contract_code: str
    customer_id: str | None
    cover_id: str | None
    invoice_id: str | None
    period: str | None
    last_day: BusinessDate
    met_on: BusinessDate
    in_time: bool
    turnover: MoneyModel | None = Field(description="Turnover that was declared last, VAT not included.")
    version: int

    @classmethod
    def of(cls, state: DeadlineState, version: int) -> MetDeadlineOut:
        """Return the deadline at a version of its stream."""
        last, met_on = state.last, state.facts.met_on
        assert last is not None
        assert met_on is not None
        return cls(
            id=last.deadline_id,
            kind=last.kind,
            contract_code=last.contract_code,
            customer_id=last.customer_id,
            cover_id=last.cover_id,
            invoice_id=last.invoice_id,
            period=last.period,
            last_day=last.last_day,
            met_on=met_on,
            in_time=met_on <= last.last_day,
            turnover=None
            if state.turnover_minor is None or state.currency is None
            else MoneyModel.of(state.turnover_minor, state.currency),
            version=version,
        )


class MetDeadlineAsOf(MetDeadlineOut, AsOf):
    """A deadline that was met, at the requested dates."""


class LostClaimOut(BaseModel):
    """A claim that is lost, by the first of its deadlines to pass."""

    customer_id: str
    invoice_id: str
    invoice_number: str
    kind: str
    last_day: BusinessDate
    basis: str
    open: MoneyModel = Field(description="Open amount of the invoice on that day.")
    insured: MoneyModel = Field(description="Part of it that the insurer would have paid.")

    @classmethod
    def of(cls, claim: LostClaim) -> LostClaimOut:
        """Return a claim."""
        passed, code = claim.passed, claim.passed.invoice.currency
        return cls(
            customer_id=passed.invoice.customer_id,
            invoice_id=passed.invoice.invoice_id,
            invoice_number=passed.invoice.number,
            kind=passed.kind,
            last_day=passed.last_day,
            basis=passed.basis,
            open=MoneyModel.of(claim.open_minor, code),
            insured=MoneyModel.of(claim.insured_minor, code),
        )


class LostClaims(Listing[LostClaimOut], AsOf):
    """Claims that a past period has lost; the totals are those of all pages."""

    claims: int
    insured: MoneyModel = Field(description="Sum of the insured parts.")


INSURANCE_CONTRACT_ANSWER = Answer(
    INSURANCE_CONTRACT, lambda state, version, _: InsuranceContractOut.of(state, version)
)
COVER_ANSWER = Answer(COVER, lambda state, version, _: InsuranceCoverOut.of(state, version))
DEADLINE_ANSWER = Answer(DEADLINE, lambda state, version, _: MetDeadlineOut.of(state, version))
