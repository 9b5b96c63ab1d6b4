"""Request bodies of /v1/instruments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from encours.contracts.events.money.instrument import InstrumentInterest, InstrumentKind
from encours.http.models import Body, BusinessDate, Count, NonNegativeMoney, PositiveMoney, ShortText
from encours.kernel.money import Money
from invoice_svc.domain.instrument.commands import (
    AcceptInstrument,
    CancelInstrument,
    ClearInstrument,
    ExtendInstrument,
    ReceiveInstrument,
    RefuseInstrument,
    RemitInstrument,
    ReturnInstrument,
)
from invoice_svc.http.common import CustomerId, Iban, InstrumentId, InvoiceId
from invoice_svc.http.payment_plans.bodies import Sha256
from invoice_svc.http.payments.bodies import ReasonCode

MAX_INVOICES = 200
CLEARING_DAYS = 5
InstrumentNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=35, pattern=r"^[0-9A-Za-z][0-9A-Za-z /._-]*$")
]


class CoveredBody(Body):
    """Amount of an invoice that an instrument is meant for."""

    invoice_id: InvoiceId
    amount: PositiveMoney


class InstrumentBody(Body):
    """A cheque, bill of exchange or promissory note of a customer. It is no payment before its funds have come."""

    customer_id: CustomerId = Field(description="Customer who gave it for its debts, or those that it pays.")
    kind: InstrumentKind
    number: InstrumentNumber = Field(examples=["0000123"])
    amount: PositiveMoney
    matures_on: BusinessDate | None = Field(
        default=None,
        description="Due date of a bill or note. Of a cheque the day before which you promised not to present it; the "
        "day of receipt if not given. The law lets it be presented earlier (C. mon. fin. L131-31).",
    )
    invoices: list[CoveredBody] = Field(
        default=[], max_length=MAX_INVOICES, description="Invoices that it is meant for, with their amounts."
    )
    received_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    issued_on: BusinessDate | None = Field(default=None, description="Date of issue that it bears.")
    accepted_on: BusinessDate | None = Field(
        default=None, description="Day on which the drawee accepted a bill."
    )
    obligor: ShortText | None = Field(
        default=None,
        description="Who owes it if not the customer: drawer of a cheque, drawee of a bill, maker of a note.",
    )
    bank_name: ShortText | None = Field(default=None, description="Bank at which it is payable.")
    iban: Iban | None = Field(default=None, description="Account at which it is payable.")
    clearing_days: Annotated[Count, Field(le=60)] = Field(
        default=CLEARING_DAYS,
        description="Business days (TARGET) after maturity or remittance in which it is paid or returned. It covers "
        "its invoices until then.",
    )
    presumed_paid: bool = Field(
        default=False,
        description="After the clearing days it counts as paid if you remitted it, unless it was returned. Otherwise "
        "it waits for the bank's line, or for `/clear`. Name invoices for the whole amount.",
    )
    interest: InstrumentInterest = Field(
        default="runs",
        description="Late-payment interest while it is in hand: `runs` as without it; `waived_if_paid`: none if it is "
        "paid, all of it if it is not.",
    )
    replaces: InstrumentId | None = Field(
        default=None, description="Instrument that is given back for this one."
    )
    text: ShortText | None = None
    evidence_sha256: Sha256 | None = Field(default=None, description="Hash of its image.")

    @model_validator(mode="after")
    def _complete(self) -> InstrumentBody:
        if self.matures_on is None and self.kind != "cheque":
            raise PydanticCustomError("maturity", "Give the due date.", {"pointer": "/matures_on"})
        if len({each.invoice_id for each in self.invoices}) < len(self.invoices):
            raise PydanticCustomError("invoices", "Name each invoice once.", {"pointer": "/invoices"})
        return self

    def to_command(self) -> ReceiveInstrument:
        """Return the command."""
        return ReceiveInstrument(
            customer_id=self.customer_id,
            kind=self.kind,
            number=self.number.strip(),
            amount=Money(self.amount.minor, self.amount.currency),
            matures_on=self.matures_on,
            clearing_days=self.clearing_days,
            presumed_paid=self.presumed_paid,
            interest=self.interest,
            invoices=tuple(
                (each.invoice_id, Money(each.amount.minor, each.amount.currency)) for each in self.invoices
            ),
            received_on=self.received_on,
            issued_on=self.issued_on,
            accepted_on=self.accepted_on,
            obligor=self.obligor,
            bank_name=self.bank_name,
            iban=self.iban,
            replaces=self.replaces,
            text=self.text,
            evidence_sha256=self.evidence_sha256,
        )


class AcceptBillBody(Body):
    """Acceptance of a bill by its drawee."""

    on: BusinessDate | None = Field(default=None, description="Today if not given.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Hash of the accepted bill.")

    def to_command(self, instrument_id: str) -> AcceptInstrument:
        """Return the command."""
        return AcceptInstrument(instrument_id, self.on, self.evidence_sha256)


class RefuseBillBody(Body):
    """Refusal of a bill by its drawee."""

    reason: ShortText = Field(examples=["Goods not received"])
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, instrument_id: str) -> RefuseInstrument:
        """Return the command."""
        return RefuseInstrument(instrument_id, self.reason, self.on)


class ExtendMaturityBody(Body):
    """New maturity of an instrument [prorogation]."""

    matures_on: BusinessDate
    reason: ShortText = Field(examples=["Customer asked for one month more"])
    agreed_by: ShortText | None = Field(default=None, description="Person who agreed for the customer.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Hash of the agreement.")

    def to_command(self, instrument_id: str) -> ExtendInstrument:
        """Return the command."""
        return ExtendInstrument(
            instrument_id, self.matures_on, self.reason, self.agreed_by, self.evidence_sha256
        )


class RemitBody(Body):
    """Hand-over to the bank for collection."""

    on: BusinessDate | None = Field(default=None, description="Today if not given.")
    account_iban: Iban | None = Field(default=None, description="Your account to which the bank pays it.")
    reference: ShortText | None = Field(default=None, description="Number of the remittance slip.")

    def to_command(self, instrument_id: str) -> RemitInstrument:
        """Return the command."""
        return RemitInstrument(instrument_id, self.on, self.account_iban, self.reference)


class ClearBody(Body):
    """Payment of an instrument by the bank."""

    on: BusinessDate | None = Field(
        default=None, description="Day on which the funds were available; today if not given."
    )
    reference: ShortText | None = Field(
        default=None, description="Reference of the payment; the number of the instrument if not given."
    )

    def to_command(self, instrument_id: str) -> ClearInstrument:
        """Return the command."""
        return ClearInstrument(instrument_id, self.on, reference=self.reference)


class BounceBody(Body):
    """Return of an instrument by the bank, before or after it counted as paid."""

    reason: ShortText = Field(examples=["Insufficient funds"])
    on: BusinessDate | None = Field(default=None, description="The bank's date; today if not given.")
    code: ReasonCode | None = Field(
        default=None,
        description="The bank's reason code (ISO 20022 ExternalReturnReason1Code); its consequence is recorded.",
        examples=["AM04"],
    )
    reference: ShortText | None = Field(default=None, description="The bank's reference of the return.")
    charges: NonNegativeMoney | None = Field(
        default=None, description="The bank's charges for the return. They are no debt of the debtor."
    )

    def to_command(self, instrument_id: str, reversal_id: str) -> ReturnInstrument:
        """Return the command."""
        return ReturnInstrument(
            instrument_id,
            self.reason,
            self.on,
            self.code,
            self.reference,
            Money(self.charges.minor, self.charges.currency) if self.charges else None,
            reversal_id,
        )


class CancelInstrumentBody(Body):
    """Reason why an instrument is given back."""

    reason: ShortText = Field(examples=["Paid by transfer instead"])

    def to_command(self, instrument_id: str) -> CancelInstrument:
        """Return the command."""
        return CancelInstrument(instrument_id, self.reason)
