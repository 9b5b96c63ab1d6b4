"""Answers of /v1/customers/{id}/virtual-ibans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Answer, Json
from encours.http.queries import AsOf
from invoice_svc.domain.virtual_iban.state import Holding, VirtualIban, holder_on
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import VIRTUAL_IBAN


class HoldingOut(BaseModel):
    """Days on which a customer holds a virtual IBAN."""

    customer_id: str
    valid_from: date
    valid_until: date | None = Field(
        description="First day that is no longer part of it; null is without end."
    )

    @classmethod
    def of(cls, holding: Holding) -> Json:
        """Show a holding."""
        return {
            "customer_id": holding.holder_id,
            "valid_from": iso(holding.valid_from),
            "valid_until": iso(holding.valid_until),
        }


class VirtualIbanOut(AsOf):
    """A virtual IBAN, with all customers who hold it, by their days. `customer_id` holds it on `as_of`."""

    id: str
    entity_id: str
    iban: str
    customer_id: str | None
    assignments: list[HoldingOut]
    version: int

    @classmethod
    def of(cls, state: VirtualIban, version: int, as_of: date) -> Json:
        """Show a virtual IBAN."""
        return {
            "id": state.virtual_iban_id,
            "entity_id": state.entity_id,
            "iban": state.iban,
            "customer_id": holder_on(state.holdings, as_of),
            "assignments": [HoldingOut.of(each) for each in state.holdings],
            "version": version,
        }


class HeldIbanOut(BaseModel):
    """A virtual IBAN, with the days on which the customer holds it."""

    iban: str
    assignments: list[HoldingOut]


class HeldIbansOut(AsOf):
    """Virtual IBANs of a customer, past and future ones too."""

    data: list[HeldIbanOut]

    @classmethod
    def of(cls, found: Mapping[str, Sequence[Holding]]) -> Json:
        """Show the virtual IBANs."""
        return {
            "data": [
                {"iban": iban, "assignments": [HoldingOut.of(each) for each in holdings]}
                for iban, holdings in found.items()
            ]
        }


VIRTUAL_IBAN_ANSWER = Answer(VIRTUAL_IBAN, VirtualIbanOut.of)
