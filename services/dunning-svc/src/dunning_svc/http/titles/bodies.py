"""Bodies of title procedures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dunning_svc.domain.title.commands import (
    ContestTitle,
    EndTitle,
    EnforceTitle,
    RequestTitle,
    ServeTitle,
)
from dunning_svc.http.identifiers import CustomerId, InvoiceId
from encours.http.models import Body, BusinessDate, LongText, ShortText


class TitleBody(Body):
    """Invoices of one customer, creditor and currency for which a title is requested."""

    customer_id: CustomerId
    invoice_ids: Annotated[list[InvoiceId], Field(min_length=1, max_length=200)]
    officer: ShortText = Field(description="Officer who serves the demand.", examples=["Me Martin, Lyon"])
    notice_on: BusinessDate | None = Field(
        default=None, description="Day of a formal notice that was sent outside of Encours."
    )

    def to_command(self) -> RequestTitle:
        """Return the command."""
        return RequestTitle(self.customer_id, tuple(self.invoice_ids), self.officer, self.notice_on)


class ServedBody(Body):
    """Service of the demand."""

    served_on: BusinessDate
    reference: ShortText | None = Field(default=None, description="Number of the officer's record.")

    def to_command(self, title_id: str) -> ServeTitle:
        """Return the command."""
        return ServeTitle(title_id, self.served_on, self.reference)


class ContestedBody(Body):
    """Objection of the debtor."""

    contested_on: BusinessDate
    reason: LongText = Field(description="Objection in words; a task passes it on.")

    def to_command(self, title_id: str) -> ContestTitle:
        """Return the command."""
        return ContestTitle(title_id, self.contested_on, self.reason)


class EnforceableBody(Body):
    """Record that made the title enforceable."""

    enforceable_on: BusinessDate
    reference: ShortText | None = None

    def to_command(self, title_id: str) -> EnforceTitle:
        """Return the command."""
        return EnforceTitle(title_id, self.enforceable_on, self.reference)


class EndTitleBody(Body):
    """End of a procedure."""

    outcome: Literal["withdrawn", "enforced"]
    reason: LongText

    def to_command(self, title_id: str) -> EndTitle:
        """Return the command."""
        return EndTitle(title_id, self.outcome, self.reason)
