"""Bodies of insurance contracts, covers and deadlines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from encours.contracts.events.insurance import (
    CoverBuyer,
    CoverTerm,
    DeadlineShift,
    DueBasis,
    InsuranceTerms,
    PremiumRule,
    TurnoverPeriod,
    TurnoverRule,
)
from encours.http.models import (
    Body,
    BusinessDate,
    Currency,
    Id,
    LongText,
    NonNegativeMoney,
    PositiveMoney,
    ShortText,
)
from encours.kernel.money import exponent
from risk_svc.domain.insurance.contract import SetInsuranceContract
from risk_svc.domain.insurance.cover import CancelCover, GrantCover, ReduceCover
from risk_svc.domain.insurance.deadline import MeetDeadline

ContractCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$"), Field(examples=["CREDIT-2026"])
]
Days = Annotated[int, Field(ge=0, le=3650, strict=True)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000, strict=True)]


class TurnoverBody(Body):
    """Declaration of turnover."""

    period: TurnoverPeriod
    within_days: Days = Field(description="Calendar days after the end of the period.")


class PremiumBody(Body):
    """Premium of the declared turnover, tax not included."""

    rate_ppm: Annotated[int, Field(ge=1, le=100_000, strict=True)] = Field(
        description="In millionths of the turnover: 1,800 is 0.18 %.", examples=[1800]
    )
    minimum: NonNegativeMoney | None = Field(
        default=None, description="Least premium of an insurance year of twelve months."
    )


class InsuranceTermsBody(Body):
    """Terms of a contract. Days are calendar days after the due date unless it says otherwise."""

    insured_share_bps: BasisPoints = Field(
        description="Share that the insurer pays, in hundredths of a percent."
    )
    longest_extension_days: Days = Field(
        description="Up to here payment may be extended without the insurer's consent."
    )
    notice_days: Days = Field(description="An overdue debt is notified within this time.")
    hand_over_days: Days = Field(description="The claim is handed over within this time.")
    waiting_days: Days = Field(description="Days from the hand-over until the insurer pays.")
    stop_days: Days = Field(description="Cover of new deliveries stops while a debt is later than this.")
    counted_from: DueBasis = Field(
        default="due_date", description="Day from which notice and hand-over are counted."
    )
    insolvency_days: Days | None = Field(
        default=None, description="Days after the opening of insolvency proceedings for both."
    )
    unnamed_up_to: NonNegativeMoney | None = Field(
        default=None,
        description="Highest cover of a buyer that the insurer does not name; none if not given.",
    )
    deductible: NonNegativeMoney | None = Field(
        default=None, description="Part of the loss on a buyer that the insured bears."
    )
    first_loss: NonNegativeMoney | None = Field(
        default=None, description="Part of all losses of a year that the insured bears."
    )
    vat_included: bool = True
    turnover: TurnoverBody | None = None
    premium: PremiumBody | None = None
    calendar: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,6}$")] = Field(
        default="TARGET", description="Business days: TARGET, or a country such as FR."
    )
    shift: DeadlineShift = Field(
        default="preceding", description="Move of a deadline that is no business day."
    )
    alert_business_days: Annotated[int, Field(ge=10, le=60, strict=True)] = Field(
        default=10, description="Business days before a deadline at which it is alerted."
    )

    def to_terms(self) -> InsuranceTerms:
        """Return the terms as the event holds them."""
        rule, premium = self.turnover, self.premium
        least = premium.minimum if premium else None
        return InsuranceTerms(
            insured_share_bps=self.insured_share_bps,
            longest_extension_days=self.longest_extension_days,
            notice_days=self.notice_days,
            hand_over_days=self.hand_over_days,
            waiting_days=self.waiting_days,
            stop_days=self.stop_days,
            counted_from=self.counted_from,
            insolvency_days=self.insolvency_days,
            unnamed_minor=self.unnamed_up_to.minor if self.unnamed_up_to else None,
            deductible_minor=self.deductible.minor if self.deductible else 0,
            first_loss_minor=self.first_loss.minor if self.first_loss else 0,
            vat_included=self.vat_included,
            turnover=TurnoverRule(period=rule.period, within_days=rule.within_days) if rule else None,
            calendar=self.calendar,
            shift=self.shift,
            alert_business_days=self.alert_business_days,
            premium=PremiumRule(rate_ppm=premium.rate_ppm, minimum_minor=least.minor if least else 0)
            if premium
            else None,
        )

    def amounts(self) -> dict[str, NonNegativeMoney | None]:
        """Return the amounts by field."""
        return {
            "unnamed_up_to": self.unnamed_up_to,
            "deductible": self.deductible,
            "first_loss": self.first_loss,
            "premium/minimum": self.premium.minimum if self.premium else None,
        }


class InsuranceContractBody(Body):
    """Credit-insurance contract: all of it."""

    entity_id: Annotated[str, Id("ent")]
    insurer: ShortText = Field(examples=["Coface"])
    policy_number: ShortText = Field(examples=["FR-4711"])
    currency: Currency
    valid_from: BusinessDate
    valid_until: BusinessDate | None = None
    terms: InsuranceTermsBody

    def to_command(self, code: str) -> SetInsuranceContract:
        """Return the command. Raises :class:`Invalid` for a currency that is none."""
        exponent(self.currency)
        return SetInsuranceContract(
            code=code,
            entity_id=self.entity_id,
            insurer=self.insurer,
            policy_number=self.policy_number,
            currency=self.currency,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            terms=self.terms.to_terms(),
            currencies=tuple(
                (f"/terms/{name}/currency", money.currency)
                for name, money in self.terms.amounts().items()
                if money is not None
            ),
        )


class CoverBody(Body):
    """Cover of a buyer."""

    contract_code: ContractCode
    buyer: CoverBuyer = Field(
        default="named",
        description="`named`: the insurer decided on the buyer; `unnamed`: the contract covers it.",
    )
    kind: CoverTerm = Field(default="permanent", description="A temporary cover adds to a permanent one.")
    amount: PositiveMoney
    valid_from: BusinessDate | None = Field(default=None, description="First day; today if not given.")
    valid_until: BusinessDate | None = Field(default=None, description="Last day; without end if not given.")
    reference: ShortText | None = None
    text: LongText | None = None

    def to_command(self, cover_id: str, customer_id: str) -> GrantCover:
        """Return the command."""
        return GrantCover(
            cover_id=cover_id,
            customer_id=customer_id,
            contract_code=self.contract_code,
            buyer=self.buyer,
            term=self.kind,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            reference=self.reference,
            text=self.text,
        )


class ReduceCoverBody(Body):
    """Lower amount of a cover, for deliveries from a day on."""

    amount: NonNegativeMoney
    from_: BusinessDate | None = Field(
        default=None, alias="from", description="First day; today if not given."
    )
    text: LongText | None = None

    def to_command(self, cover_id: str) -> ReduceCover:
        """Return the command."""
        return ReduceCover(cover_id, self.amount.minor, self.amount.currency, self.from_, self.text)


class CancelCoverBody(Body):
    """End of a cover, for deliveries from a day on."""

    from_: BusinessDate | None = Field(
        default=None, alias="from", description="First day without cover; today if not given."
    )
    run_off_days: Days = Field(
        default=0, description="Further days on which deliveries under binding orders are covered."
    )
    by: Literal["insurer", "insured"] = Field(
        default="insurer", description="`insurer` stops new orders as a stop of cover does; or `insured`."
    )
    text: LongText | None = None

    def to_command(self, cover_id: str) -> CancelCover:
        """Return the command."""
        return CancelCover(cover_id, self.from_, self.run_off_days, self.by == "insurer", self.text)


class MeetDeadlineBody(Body):
    """Day on which the insured did what a deadline asks for."""

    met_on: BusinessDate | None = Field(
        default=None,
        description="Day on which the insurer was told; if not given, the day that is recorded, else today.",
    )
    reference: ShortText | None = Field(default=None, examples=["Coface 2026-118"])
    text: LongText | None = None
    turnover: NonNegativeMoney | None = Field(
        default=None,
        description="Of a declaration of turnover: the amount, VAT not included. The premium follows.",
    )

    def to_command(self, deadline_id: str) -> MeetDeadline:
        """Return the command."""
        declared = self.turnover
        return MeetDeadline(
            deadline_id,
            self.met_on,
            self.reference,
            self.text,
            declared.minor if declared else None,
            declared.currency if declared else None,
        )
