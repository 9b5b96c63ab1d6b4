"""Request bodies of /v1/invoices."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec.structs import replace
from pydantic import Field

from encours.contracts.common import Particulars, VatCategory
from encours.http.batch import Batch
from encours.http.models import (
    Body,
    BusinessDate,
    Count,
    Currency,
    NonNegativeMoney,
    PositiveMoney,
    ShortText,
)
from encours.kernel.errors import Invalid
from encours.kernel.ids import new_id
from encours.kernel.money import Money
from invoice_svc.domain.amounts.adjustments import vat_of
from invoice_svc.domain.amounts.sums import RateAmounts
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    Content,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
)
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.invoice.schedule import ProposedInstalment
from invoice_svc.domain.loss.decide import DeclareUnrecoverable, ProvisionInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.http.common import CustomerId, DecimalText, EntityId, InvoiceId, SeriesCode
from invoice_svc.http.documents import (
    MAX_ADJUSTMENTS,
    DocumentAdjustmentBody,
    Lines,
    ParticularsBody,
    adjustments_of,
    lines_of,
)
from invoice_svc.http.terms import TermsBody

Deposits = Annotated[list[InvoiceId], Field(max_length=50)]
Adjustments = Annotated[list[DocumentAdjustmentBody], Field(max_length=MAX_ADJUSTMENTS)]
MAX_INSTALMENTS = 120
MAX_DAYS = 3_650


class DraftedInstalmentBody(Body):
    """An instalment: its day and its part of what is to be paid. The last takes the rest if it states no part."""

    due_on: BusinessDate | None = None
    days: Annotated[Count, Field(le=MAX_DAYS)] | None = Field(
        default=None, description="Days after the issue, instead of a date."
    )
    amount: PositiveMoney | None = None
    share: DecimalText | None = Field(
        default=None,
        description="Percent of what is to be paid, instead of an amount. Shares are rounded half up; where they make "
        "up the whole, the last takes what rounding leaves.",
        examples=["30"],
    )

    def to_proposed(self) -> ProposedInstalment:
        """Return the instalment as the rules take it."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return ProposedInstalment(self.due_on, self.days, amount, self.share)


Instalments = Annotated[
    list[DraftedInstalmentBody],
    Field(
        max_length=MAX_INSTALMENTS,
        description="In the order of their days. The issue fixes dates and amounts, which add up to what is to be paid "
        "after deposits.",
        examples=[[{"days": 0, "share": "30"}, {"days": 30, "share": "30"}, {"days": 60}]],
    ),
]


class ContentBody(ParticularsBody):
    """Content of a document: of an invoice, and of what comes before it."""

    supply_on: BusinessDate | None = Field(
        default=None, description="Day of delivery or performance; the day of issue, or today, if not given."
    )
    currency: Currency | None = Field(default=None, description="The entity's currency if not given.")
    lines: Lines
    allowances: Adjustments = Field(default_factory=list, description="Discounts on the whole document.")
    charges: Adjustments = Field(default_factory=list, description="Charges on the whole document.")
    terms: TermsBody | None = Field(default=None, description="Conditions of this document alone.")
    reference: ShortText | None = Field(default=None, description="The customer's order number.")
    salesperson: ShortText | None = None

    def to_content(
        self, deposits: tuple[str, ...] = (), instalments: tuple[ProposedInstalment, ...] = ()
    ) -> Content:
        """Return the content as the rules take it, with what an invoice has beside it."""
        return Content(
            supply_on=self.supply_on,
            lines=lines_of(self.lines),
            terms=self.terms.to_terms() if self.terms else None,
            reference=self.reference,
            salesperson=self.salesperson,
            adjustments=adjustments_of(self.allowances, self.charges),
            particulars=Particulars(**self.stated()),
            deposits=deposits,
            instalments=instalments,
        )


class DraftBody(ContentBody):
    """A draft; with `issue` it is issued in the same step."""

    entity_id: EntityId
    customer_id: CustomerId
    series: SeriesCode = "FAC"
    purpose: Literal["invoice", "deposit"] = Field(
        default="invoice", description="`deposit` for a deposit invoice [acompte]."
    )
    deposits: Deposits = Field(
        default_factory=list, description="Deposit invoices that this final invoice deducts."
    )
    instalments: Instalments = Field(default_factory=list)
    issue: bool = Field(default=False, description="Issue the invoice at once.", strict=True)
    issued_on: BusinessDate | None = Field(default=None, description="Day of issue; today if not given.")

    def to_command(self, invoice_id: str) -> DraftInvoice:
        """Return the command."""
        return DraftInvoice(
            invoice_id=invoice_id,
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            series=self.series,
            content=self.to_content(
                tuple(self.deposits), tuple([each.to_proposed() for each in self.instalments])
            ),
            currency=self.currency,
            issue=self.issue,
            issued_on=self.issued_on,
            purpose=self.purpose,
        )


class DraftBatch(Batch[DraftBody]):
    """Up to 1,000 drafts; with `issue` each is issued in the same step."""

    issue: bool = Field(default=False, strict=True)
    issued_on: BusinessDate | None = None

    def to_command(self, item: DraftBody) -> DraftInvoice:
        """Return the command of one draft; omitted fields take the values of the batch."""
        wanted = item.to_command(new_id("inv"))
        return replace(wanted, issue=wanted.issue or self.issue, issued_on=wanted.issued_on or self.issued_on)


class DraftPatch(ParticularsBody):
    """Fields of a draft to change; null clears one."""

    supply_on: BusinessDate | None = None
    lines: Lines | None = None
    allowances: Adjustments | None = None
    charges: Adjustments | None = None
    terms: TermsBody | None = None
    reference: ShortText | None = None
    salesperson: ShortText | None = None
    deposits: Deposits | None = None
    instalments: Instalments | None = None

    def to_command(self, invoice_id: str) -> AmendInvoice:
        """Return the command. Raises :class:`Invalid` for null if a draft needs a value."""
        own = (self.model_fields_set & DraftPatch.model_fields.keys()) - ParticularsBody.model_fields.keys()
        given: dict[str, Any] = {name: getattr(self, name) for name in own}
        for name in ("lines", "supply_on"):
            if given.get(name, "") is None:
                raise Invalid(f"A draft needs {name}; omit the field to keep it.", f"/{name}")
        if self.lines is not None:
            given["lines"] = lines_of(self.lines)
        if self.terms is not None:
            given["terms"] = self.terms.to_terms()
        if "allowances" in given:
            given["allowances"] = adjustments_of(self.allowances or [], [])
        if "charges" in given:
            given["charges"] = adjustments_of([], self.charges or [])
        if "deposits" in given:
            given["deposits"] = tuple(self.deposits or ())
        if "instalments" in given:
            given["instalments"] = tuple(each.to_proposed() for each in self.instalments or ())
        return AmendInvoice(invoice_id, particulars=self.stated(), **given)


class CorrectionBody(DraftPatch):
    """A new invoice in the place of an issued one: fields that are not given are those of the old; null clears one."""

    reason: ShortText = Field(examples=["Wrong VAT rate"])
    issue: bool = Field(
        default=True,
        description="False makes a draft, such as one that has to be approved; its issue makes the correction.",
    )
    issued_on: BusinessDate | None = Field(
        default=None, description="Day of both documents; today if not given."
    )
    series: SeriesCode | None = Field(default=None, description="That of the invoice if not given.")
    credit_series: SeriesCode | None = Field(default=None, description="AVO if not given.")

    def to_correction(self, invoice_id: str) -> CorrectInvoice:
        """Return the command."""
        return CorrectInvoice(
            invoice_id=invoice_id,
            cause=self.reason,
            changes=self.to_command(invoice_id),
            issue=self.issue,
            issued_on=self.issued_on,
            series=self.series,
            credit_series=self.credit_series,
        )


class IssueBody(Body):
    """The day of issue; today if not given."""

    issued_on: BusinessDate | None = None

    def to_command(self, invoice_id: str) -> IssueInvoice:
        """Return the command."""
        return IssueInvoice(invoice_id, self.issued_on)


class VatAmountsBody(Body):
    """Net and VAT to credit in one category at one rate; either may be left out, as in a credit note over VAT alone."""

    rate: DecimalText = Field(description="Percent.", examples=["20"])
    category: VatCategory | None = Field(
        default=None, description="That of the rate if not given, as on a line."
    )
    net: NonNegativeMoney | None = None
    vat: NonNegativeMoney | None = None

    def to_amounts(self, pointer: str) -> RateAmounts:
        """Return the amounts as the rules take them."""
        category, rate_bps = vat_of(self.category, self.rate, pointer)
        return RateAmounts(
            rate_bps, self.net.minor if self.net else 0, self.vat.minor if self.vat else 0, category
        )


class CreditBody(Body):
    """A credit note over `lines`, an `amount` including VAT, `vat` by rate, or all that is outstanding."""

    amount: PositiveMoney | None = None
    lines: Lines | None = None
    vat: list[VatAmountsBody] | None = Field(default=None, min_length=1, max_length=50)
    reason: ShortText = Field(default="cancellation", examples=["Goods returned"])
    issued_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    series: SeriesCode | None = Field(default=None, description="AVO if not given.")

    def to_command(self, invoice_id: str, credit_note_id: str) -> CreditInvoice:
        """Return the command. Raises :class:`Invalid` if the body gives more than one of lines, amount and VAT."""
        given = [name for name in ("amount", "lines", "vat") if getattr(self, name) is not None]
        if len(given) > 1:
            raise Invalid(
                "A credit note takes lines, an amount or VAT by rate: give one of them.", f"/{given[0]}"
            )
        stated = [money for each in self.vat or [] for money in (each.net, each.vat) if money is not None]
        if len(currencies := {money.currency for money in stated}) > 1:
            raise Invalid("Write all amounts in the invoice's currency.", "/vat")
        return CreditInvoice(
            invoice_id=invoice_id,
            credit_note_id=credit_note_id,
            issued_on=self.issued_on,
            amount_minor=self.amount.minor if self.amount else None,
            cause=self.reason,
            series=self.series,
            lines=None if self.lines is None else lines_of(self.lines),
            currency=self.amount.currency if self.amount else next(iter(currencies), None),
            parts=None
            if self.vat is None
            else tuple(each.to_amounts(f"/vat/{i}") for i, each in enumerate(self.vat)),
        )


class WriteOffBody(Body):
    """A write-off of an amount that will not be collected."""

    amount: PositiveMoney | None = Field(default=None, description="All that is outstanding if not given.")
    reason: ShortText = Field(examples=["Judicial liquidation"])
    evidence: ShortText | None = Field(
        default=None, examples=["Certificate of irrecoverability of 2026-03-12"]
    )
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, invoice_id: str) -> WriteOffInvoice:
        """Return the command."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return WriteOffInvoice(invoice_id, amount, self.reason, self.evidence, self.on)


class ProvisionBody(Body):
    """The provision that stands from now on, net of VAT; 0 releases it."""

    amount: NonNegativeMoney | None = Field(
        default=None, description="The net of all that is outstanding if not given."
    )
    reason: ShortText = Field(examples=["Safeguard proceedings"])
    evidence: ShortText | None = None
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, invoice_id: str) -> ProvisionInvoice:
        """Return the command."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return ProvisionInvoice(invoice_id, amount, self.reason, self.evidence, self.on)


class UnrecoverableBody(Body):
    """An amount that is definitively lost."""

    amount: PositiveMoney | None = Field(
        default=None, description="All that is outstanding or written off if not given."
    )
    reason: ShortText = Field(examples=["Liquidation closed for lack of assets"])
    evidence: ShortText | None = Field(
        default=None,
        examples=["Certificate of irrecoverability of 2026-03-12"],
        description="Required for VAT relief.",
    )
    vat_relief: bool = Field(default=True, description="Relieve the VAT (CGI 272-1).", strict=True)
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, invoice_id: str) -> DeclareUnrecoverable:
        """Return the command."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return DeclareUnrecoverable(invoice_id, amount, self.reason, self.evidence, self.vat_relief, self.on)


class WriteOffReversalBody(Body):
    """Reason for the reversal of a write-off."""

    reason: ShortText = Field(examples=["Dividend announced by the liquidator"])

    def to_command(self, invoice_id: str) -> ReverseWriteOff:
        """Return the command."""
        return ReverseWriteOff(invoice_id, self.reason)
