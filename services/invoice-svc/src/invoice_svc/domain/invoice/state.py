"""State of an invoice, folded from its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from encours.contracts.books import contested_of, in_hand_of, planned_of
from encours.contracts.common import (
    CitedDelivery,
    CitedInvoice,
    DeductedDeposit,
    DocumentAdjustment,
    DraftedInstalment,
    Line,
    Origin,
    Particulars,
    PenalisedInvoice,
    ProductShare,
    Purpose,
    Terms,
    VatShare,
)
from invoice_svc.domain.approval.state import Approval
from invoice_svc.domain.invoice.parts import (
    AppliedPayment,
    BalanceChange,
    ClosedResidual,
    Cover,
    CreditNote,
    Disputed,
    InvoiceSchedule,
    OnPlan,
    PenaltyClaim,
    PenaltyWaiver,
    RealisedDifference,
    Rebate,
    TakenDiscount,
)

Document = Literal["none", "draft", "issued", "cancelled"]


class Invoice(Struct, frozen=True, gc=False):
    """State of an invoice, for decisions and answers. Amounts in minor units, VAT included unless the name differs."""

    document: Document = "none"
    invoice_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    currency: str = ""
    series: str | None = None
    supply_on: date = date.min
    purpose: Purpose = "invoice"
    lines: tuple[Line, ...] = ()
    adjustments: tuple[DocumentAdjustment, ...] = ()
    products: tuple[ProductShare, ...] = ()
    """Parts by product that credit notes have left of an issued invoice; empty where no line states one, nor a cost."""
    vat: tuple[VatShare, ...] = ()
    net_minor: int | None = 0
    vat_minor: int | None = 0
    total_minor: int = 0
    terms: Terms | None = None
    reference: str | None = None
    salesperson: str | None = None
    particulars: Particulars = Particulars()
    deposits: tuple[str, ...] = ()
    """Ids of the deposit invoices that a draft is to deduct."""
    drafted_instalments: tuple[DraftedInstalment, ...] = ()
    """Instalments that the issue of a draft is to fix."""
    deducted: tuple[DeductedDeposit, ...] = ()
    """Deposits that the issued invoice deducts: its net, VAT and total are those that they leave."""
    deducted_by: str | None = None
    """Final invoice that deducts this deposit invoice."""
    corrects: CitedInvoice | None = None
    correction_cause: str | None = None
    credit_series: str | None = None
    """Of a draft that corrects an invoice: reason and series of the credit note on that one."""
    purchaser_id: str | None = None
    """Customer who ordered, if another is billed."""
    number: str | None = None
    display: str | None = None
    """Text in which the number is shown; ``None``: the number alone."""
    issued_on: date | None = None
    due_on: date | None = None
    discount_until: date | None = None
    """Last day of the early-payment discount of the terms; ``None`` without one."""
    origin: Origin | None = None
    drafted_on: date | None = None
    deliveries: tuple[CitedDelivery, ...] = ()
    approval: Approval = Approval()
    fields: Mapping[str, str] = {}
    """Values of custom fields by code."""
    credits: tuple[CreditNote, ...] = ()
    rebates: tuple[Rebate, ...] = ()
    applied: tuple[AppliedPayment, ...] = ()
    disputed: tuple[Disputed, ...] = ()
    movements: tuple[BalanceChange, ...] = ()
    discount: TakenDiscount | None = None
    """Early-payment discount that was taken."""
    residual: ClosedResidual | None = None
    """Rest that a tolerance closed; one at most stands."""
    exchange_differences: tuple[RealisedDifference, ...] = ()
    written_off_minor: int = 0
    written_off_on: date = date.min
    """Latest business date of a write-off."""
    unrecoverable_minor: int = 0
    """The part of it that was declared unrecoverable."""
    relieved: tuple[VatShare, ...] = ()
    """Net and VAT of that part whose VAT is relieved, by rate; not 0 at each."""
    provisioned_minor: int = 0
    schedules: tuple[InvoiceSchedule, ...] = ()
    """Instalments that replaced ``due_on``, the last one in force."""
    plans: tuple[OnPlan, ...] = ()
    """Payment plans that the invoice is or was on, the last one agreed last."""
    covers: tuple[Cover, ...] = ()
    """Cheques, bills and notes that are or were meant for it."""
    duplicate_text: str | None = None
    """Statement for the duplicate of the invoice, of the last relief."""
    conceded_minor: int = 0
    """Accepted claims whose credit note is still to come."""
    answered_minor: int = 0
    """Part of the accepted claims that credit notes had answered when they were accepted."""
    penalises: tuple[PenalisedInvoice, ...] = ()
    """Of a penalty document: the invoices paid late, with what it claims for each."""
    penalty_claims: tuple[PenaltyClaim, ...] = ()
    penalty_waivers: tuple[PenaltyWaiver, ...] = ()
    """Penalties of this invoice that documents claim, and those that were waived."""

    @property
    def lines_minor(self) -> int:
        """Sum of the lines, before discounts and charges on the document."""
        return sum(line.net_minor for line in self.lines)

    @property
    def credited_minor(self) -> int:
        """Amount that credit notes have taken off."""
        return sum(credit.total_minor for credit in self.credits)

    @property
    def paid_minor(self) -> int:
        """Amount of the payments applied to it."""
        return sum(part.amount_minor for part in self.applied)

    @property
    def discounted_minor(self) -> int:
        """Early-payment discount that was taken."""
        return self.discount.amount_minor if self.discount else 0

    @property
    def residual_minor(self) -> int:
        """Rest that a tolerance closed."""
        return self.residual.amount_minor if self.residual else 0

    @property
    def payable_residual_minor(self) -> int:
        """The part of it that a payment may still settle: none beside a discount, which was taken in time."""
        return 0 if self.discount else self.residual_minor

    @property
    def outstanding_minor(self) -> int:
        """Amount still owed; 0 before issue."""
        return sum(movement.amount_minor for movement in self.movements)

    @property
    def disputed_minor(self) -> int:
        """The part of what is still owed that is in dispute, or was accepted and not credited yet."""
        contested = sum(share.amount_minor for share in self.disputed) + self.conceded_minor
        return contested_of(self.outstanding_minor, contested)

    @property
    def plan(self) -> OnPlan | None:
        """The payment plan in force that the invoice is on."""
        return next((plan for plan in self.plans if plan.outcome is None), None)

    @property
    def planned_minor(self) -> int:
        """The part of what is owed and not in dispute that is on a payment plan in force."""
        if (plan := self.plan) is None:
            return 0
        return planned_of(self.outstanding_minor - self.disputed_minor, plan.amount_minor)

    @property
    def meant_minor(self) -> int:
        """Amount that instruments in hand are meant for."""
        return sum(each.amount_minor for each in self.covers if each.outcome is None)

    @property
    def in_hand_minor(self) -> int:
        """The part of what is owed and not in dispute for which instruments are in hand."""
        return in_hand_of(self.outstanding_minor - self.disputed_minor, self.meant_minor)

    @property
    def rebated_minor(self) -> int:
        """Amount that credit notes of their own have corrected."""
        return sum(rebate.total_minor for rebate in self.rebates)

    @property
    def billed_minor(self) -> int:
        """Total less the credit notes on the invoice, paid or not."""
        return self.total_minor - self.credited_minor

    @property
    def owed_minor(self) -> int:
        """Amount that was ever owed: the total less credit notes, accepted claims and a discount."""
        return self.billed_minor - self.conceded_minor - self.discounted_minor

    @property
    def settled_minor(self) -> int:
        """Part of it that payments, the rest that a tolerance closed and write-offs have settled."""
        return self.owed_minor - (self.outstanding_minor - self.conceded_minor)

    @property
    def payable_on(self) -> date | None:
        """Due date of the first instalment that is not settled; ``due_on`` without instalments."""
        if not self.schedules:
            return self.due_on
        left = self.settled_minor
        for instalment in self.schedules[-1].instalments:
            left -= instalment.amount_minor
            if left < 0:
                break
        return instalment.due_on

    @property
    def creditable_minor(self) -> int:
        """Amount that all credit notes have left of the invoice, paid or not."""
        return self.billed_minor - self.rebated_minor

    @property
    def relieved_minor(self) -> int:
        """Amount, VAT included, whose VAT is relieved."""
        return sum(share.net_minor + share.vat_minor for share in self.relieved)
