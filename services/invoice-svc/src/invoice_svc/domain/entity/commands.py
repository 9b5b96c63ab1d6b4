"""Commands on an entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from msgspec import UNSET, UnsetType

from encours.contracts.common import Address
from encours.contracts.events.parties.entity import AccountUse, Letterhead, VatRegime
from invoice_svc.domain.entity.state import Document


@dataclass(frozen=True, slots=True)
class RegisterEntity:
    """Register a legal entity that issues invoices. ``currency`` is the default currency of its invoices."""

    entity_id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    iban: str | None = None
    letterhead: Letterhead | None = None


@dataclass(frozen=True, slots=True)
class AmendEntity:
    """Change the identity from now on; an omitted field is unchanged."""

    entity_id: str
    name: str | UnsetType = UNSET
    legal_form: str | UnsetType | None = UNSET
    siren: str | UnsetType | None = UNSET
    vat_id: str | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET
    iban: str | UnsetType | None = UNSET
    letterhead: Letterhead | UnsetType | None = UNSET
    closed_until: date | UnsetType = UNSET
    """Last day of the closed periods."""


@dataclass(frozen=True, slots=True)
class DefineSeries:
    """Define a number series: ``prefix`` contains ``{year}``, ``width`` is the minimum digits of the running number.

    ``next_number`` is the running number of the series' first document in the current year.
    """

    entity_id: str
    code: str
    document: Document
    prefix: str
    width: int
    next_number: int | None = None


@dataclass(frozen=True, slots=True)
class SetNumberDisplay:
    """Set the text that shows the numbers of a series given from a day on; ``None`` shows the number alone."""

    entity_id: str
    code: str
    template: str | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class SetBankAccount:
    """Set the bank account of a currency and use from a day on; without an IBAN there is none."""

    entity_id: str
    currency: str
    use: AccountUse
    valid_from: date
    iban: str | None
    bic: str | None = None
    holder: str | None = None
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class SetVatRegime:
    """Set the period of the VAT returns from a day on."""

    entity_id: str
    regime: VatRegime
    valid_from: date
