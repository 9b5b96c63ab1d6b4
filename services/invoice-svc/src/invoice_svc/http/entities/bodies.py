"""Request bodies of /v1/entities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from encours.http.models import Body, BusinessDate, Country, Currency, ShortText
from encours.kernel.money import exponent
from invoice_svc.domain.entity.commands import AmendEntity, DefineSeries, RegisterEntity
from invoice_svc.http.common import AddressBody, Iban, Siren, TimeZone, VatId, named_fields


class EntityBody(Body):
    """A legal entity that issues invoices."""

    name: ShortText = Field(examples=["Atelier Lumière SAS"])
    country: Country = "FR"
    currency: Currency = "EUR"
    time_zone: TimeZone = "Europe/Paris"
    legal_form: ShortText | None = Field(default=None, examples=["SAS, capital 10 000 EUR, RCS Paris"])
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    iban: Iban | None = None

    def to_command(self, entity_id: str) -> RegisterEntity:
        """Return the command. Raises ``unknown-currency`` (422)."""
        exponent(self.currency)
        return RegisterEntity(
            entity_id=entity_id,
            name=self.name,
            country=self.country,
            currency=self.currency,
            time_zone=self.time_zone,
            legal_form=self.legal_form,
            siren=self.siren,
            vat_id=self.vat_id,
            address=self.address.to_contract() if self.address else None,
            iban=self.iban,
        )


class EntityPatch(Body):
    """Fields to change; null clears one."""

    name: ShortText | None = None
    legal_form: ShortText | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    iban: Iban | None = None
    closed_until: BusinessDate | None = Field(
        default=None,
        description="Last day of the closed periods: nothing is issued with that date or an earlier one. It can be "
        "moved later, never back.",
    )

    def to_command(self, entity_id: str) -> AmendEntity:
        """Return the command. A name and a closing cannot be cleared: null leaves them unchanged."""
        return AmendEntity(entity_id, **named_fields(self, keep=("name", "closed_until")))


class SeriesBody(Body):
    """The template of a series' numbers: prefix, then the running number of the year."""

    document: Literal["invoice", "credit_note"] = "invoice"
    prefix: Annotated[str, StringConstraints(min_length=6, max_length=40)] = Field(examples=["FAC-{year}-"])
    width: int = Field(
        default=6, ge=1, le=12, strict=True, description="Minimum digits of the running number."
    )
    next_number: int | None = Field(
        default=None,
        ge=1,
        lt=10**12,
        strict=True,
        description="Running number of the next document, once, before the series has given one this year; for numbers "
        "that another system gave and that are not taken over. Those taken over are passed by without it.",
        examples=[101],
    )

    def to_command(self, entity_id: str, code: str) -> DefineSeries:
        """Return the command."""
        return DefineSeries(entity_id, code, self.document, self.prefix, self.width, self.next_number)
