"""Request body of /v1/tolerances."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.money.residual import OverpaymentUse, ResidualReason
from encours.http.models import Body, BusinessDate, MoneyModel, ShortText
from encours.kernel.errors import Invalid
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.http.common import CustomerId, EntityId, Tag

ToleranceCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,29}$"), Field(examples=["CENT-EUR"])
]
Account = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{2,20}$")]


class ToleranceBody(Body):
    """The whole tolerance from a day on. Reason, currency and scope of a code are for good."""

    entity_id: EntityId
    reason: ResidualReason = Field(
        description="`cent`: rounding. `discount_late`: the early-payment discount, taken late. `bank_charge`: charges "
        "that the bank states, or of a payment from abroad. `exchange`: a payment in another currency."
    )
    cap: MoneyModel = Field(
        description="Highest residual of an invoice, in the currency of the invoices; 0 closes none.",
        examples=[{"amount": "0.05", "currency": "EUR"}],
    )
    share_bps: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        strict=True,
        description="Highest residual as a share of what was billed of the invoice, in basis points; the lower of both "
        "counts.",
    )
    late_days: int | None = Field(
        default=None,
        ge=0,
        le=366,
        strict=True,
        description="Of `discount_late`: days after the last day of the discount on which it may still be taken.",
    )
    overpayment: OverpaymentUse = Field(
        default="unapplied",
        description="Use of as small an amount that is paid too much: it stays unapplied cash, or becomes income.",
    )
    account: Account | None = Field(
        default=None, description="Account of the ledger for residuals; by the reason if not given."
    )
    income_account: Account | None = Field(default=None, description="The same for amounts paid too much.")
    customer_id: CustomerId | None = Field(
        default=None, description="Of this customer alone. Without customer, segment and tag it is of all."
    )
    segment: ShortText | None = None
    tag: Tag | None = None
    valid_from: BusinessDate

    def to_command(self, code: str) -> SetTolerance:
        """Return the command. Raises :class:`Invalid` for a cap below 0."""
        if self.cap.minor < 0:
            raise Invalid("The cap must be 0 or above.", "/cap/amount")
        return SetTolerance(
            entity_id=self.entity_id,
            code=code,
            reason=self.reason,
            currency=self.cap.currency,
            cap_minor=self.cap.minor,
            valid_from=self.valid_from,
            share_bps=self.share_bps,
            late_days=self.late_days,
            overpayment=self.overpayment,
            account=self.account,
            income_account=self.income_account,
            customer_id=self.customer_id,
            segment=self.segment,
            tag=self.tag,
        )
