"""Bodies of placements."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from dunning_svc.domain.placement.commands import PlaceInvoices, RecallInvoices
from dunning_svc.http.identifiers import CustomerId, InvoiceId
from encours.contracts.events.dunning.placements import PartnerKind, PlacementFee, PlacementPartner
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney, ShortText
from encours.kernel.email import MAX_LENGTH, ascii_address

_INVOICES_MAX = 200
Percent = Annotated[str, StringConstraints(pattern=r"^(100|[0-9]{1,2}(\.[0-9]{1,2})?)$")]


def _email(text: str) -> str:
    address = ascii_address(text)
    if address is None:
        raise PydanticCustomError("email", "Write an e-mail address such as files@example.com.")
    return address


PartnerEmail = Annotated[str, StringConstraints(max_length=MAX_LENGTH), AfterValidator(_email)]


class PartnerBody(Body):
    """Third party that collects the invoices."""

    kind: PartnerKind = Field(description="`officer`: a bailiff, in France a commissaire de justice.")
    name: ShortText
    reference: ShortText | None = Field(default=None, description="Number of the file at the partner.")
    email: PartnerEmail | None = None


class FeeBody(Body):
    """Fee of the partner: a percentage of what is paid while the invoices are placed, or a fixed amount."""

    percent: Percent | None = Field(default=None, examples=["12.5"])
    fixed: PositiveMoney | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.fixed is None):
            raise PydanticCustomError("fee", "Write either percent or fixed.", {"pointer": "/percent"})
        return self


class PlacementBody(Body):
    """Hand-over of invoices of one customer."""

    customer_id: CustomerId
    invoice_ids: list[InvoiceId] = Field(min_length=1, max_length=_INVOICES_MAX)
    partner: PartnerBody
    fee: FeeBody
    handed_over_on: BusinessDate | None = Field(
        default=None, description="Today if not given; after a recall, a day later than that."
    )
    without_notice: LongText | None = Field(
        default=None, description="Reason for handing over invoices that have had no formal notice."
    )

    def to_command(self) -> PlaceInvoices:
        """Return the command."""
        percent, fixed, partner = self.fee.percent, self.fee.fixed, self.partner
        return PlaceInvoices(
            customer_id=self.customer_id,
            invoice_ids=tuple(self.invoice_ids),
            partner=PlacementPartner(
                kind=partner.kind, name=partner.name, reference=partner.reference, email=partner.email
            ),
            fee=PlacementFee(
                percent_bps=None if percent is None else int(Decimal(percent) * 100),
                fixed_minor=None if fixed is None else fixed.minor,
            ),
            fee_currency=None if fixed is None else fixed.currency,
            handed_over_on=self.handed_over_on,
            without_notice=self.without_notice,
        )


class RecallBody(Body):
    """Recall of invoices."""

    reason: LongText
    invoice_ids: list[InvoiceId] = Field(
        default_factory=list, max_length=_INVOICES_MAX, description="All of the placement if none is named."
    )
    recalled_on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, placement_id: str) -> RecallInvoices:
        """Return the command."""
        return RecallInvoices(placement_id, tuple(self.invoice_ids), self.reason, self.recalled_on)
