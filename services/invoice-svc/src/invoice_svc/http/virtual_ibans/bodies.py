"""Body of /v1/customers/{id}/virtual-ibans/{iban}."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path as PathParam
from pydantic import Field

from encours.http.models import Body, BusinessDate
from invoice_svc.domain.virtual_iban.commands import AssignVirtualIban
from invoice_svc.http.common import Iban

VirtualIbanNumber = Annotated[
    Iban, PathParam(description="Account number that the bank has given for the payments of one customer.")
]


class VirtualIbanBody(Body):
    """Days on which the customer holds the IBAN."""

    valid_from: BusinessDate | None = Field(default=None, description="First day; today if not given.")
    valid_until: BusinessDate | None = Field(
        default=None,
        description="First day that is no longer part of it; `valid_from` withdraws it, null is without end.",
    )

    def to_command(self, customer_id: str, iban: str) -> AssignVirtualIban:
        """Return the command."""
        return AssignVirtualIban(customer_id, iban, self.valid_from, self.valid_until)
