"""Request bodies of /v1/entities."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.parties.entity import AccountUse, Letterhead, VatRegime
from encours.http.models import Body, BusinessDate, Country, Currency, MoneyModel, ShortText
from encours.kernel import texts
from encours.kernel.money import exponent
from invoice_svc.domain.entity.commands import (
    AmendEntity,
    DefineSeries,
    RegisterEntity,
    SetBankAccount,
    SetNumberDisplay,
    SetVatRegime,
)
from invoice_svc.domain.entity.state import Document
from invoice_svc.http.common import AddressBody, Email, Iban, Phone, Siren, TimeZone, VatId, named_fields


class LetterheadBody(Body):
    """Details that letters and invoices show beside name, address and legal form."""

    registration: ShortText | None = Field(default=None, examples=["RCS Paris 552 100 554"])
    share_capital: MoneyModel | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: ShortText | None = Field(default=None, examples=["https://lumiere.example"])
    logo: ShortText | None = Field(default=None, description="Reference of the image, such as its address.")

    def to_contract(self) -> Letterhead:
        """Return the letterhead in the form of the events."""
        capital = self.share_capital
        return Letterhead(
            registration=self.registration,
            share_capital_minor=None if capital is None else capital.minor,
            share_capital_currency=None if capital is None else capital.currency,
            phone=self.phone,
            email=self.email,
            website=self.website,
            logo=self.logo,
        )


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
    letterhead: LetterheadBody | None = None

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
            letterhead=self.letterhead.to_contract() if self.letterhead else None,
        )


class EntityPatch(Body):
    """Fields to change; null clears one."""

    name: ShortText | None = None
    legal_form: ShortText | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    iban: Iban | None = None
    letterhead: LetterheadBody | None = None
    closed_until: BusinessDate | None = Field(
        default=None,
        description="Last day of the closed periods: nothing is issued with that date or an earlier one. It can be "
        "moved later, never back.",
    )

    def to_command(self, entity_id: str) -> AmendEntity:
        """Return the command. A name and a closing cannot be cleared: null leaves them unchanged."""
        fields = named_fields(self, keep=("name", "closed_until"))
        if self.letterhead is not None:
            fields["letterhead"] = self.letterhead.to_contract()
        return AmendEntity(entity_id, **fields)


class SeriesBody(Body):
    """The template of a series' numbers: prefix, then the running number of the year."""

    document: Document = "invoice"
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


class NumberDisplayBody(Body):
    """The text that shows the numbers of a series from a day of issue on."""

    template: (
        Annotated[str, StringConstraints(min_length=8, max_length=80, pattern=texts.ONE_LINE)] | None
    ) = Field(
        description="Text with `{number}`, and `{customer_ref}` (your reference of the customer) or `{reference}` "
        "(the order number); null shows the number alone.",
        examples=["{customer_ref}/{number}"],
    )
    valid_from: BusinessDate

    def to_command(self, entity_id: str, code: str) -> SetNumberDisplay:
        """Return the command."""
        return SetNumberDisplay(entity_id, code, self.template, self.valid_from)


class BankAccountBody(Body):
    """The bank account of a currency and use from a day on; without an IBAN there is none from then on."""

    currency: Currency = "EUR"
    use: AccountUse = "receipts"
    valid_from: BusinessDate
    iban: Iban | None = Field(default=None, examples=["FR7630006000011234567890189"])
    bic: Annotated[str, StringConstraints(pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$")] | None = None
    holder: ShortText | None = Field(default=None, description="Its holder, if it is not the entity.")
    bank: ShortText | None = None

    def to_command(self, entity_id: str) -> SetBankAccount:
        """Return the command. Raises ``unknown-currency`` (422)."""
        exponent(self.currency)
        return SetBankAccount(
            entity_id, self.currency, self.use, self.valid_from, self.iban, self.bic, self.holder, self.bank
        )


class VatRegimeBody(Body):
    """The period of the VAT returns from a day on."""

    regime: VatRegime
    valid_from: BusinessDate

    def to_command(self, entity_id: str) -> SetVatRegime:
        """Return the command."""
        return SetVatRegime(entity_id, self.regime, self.valid_from)
