"""The creditor: a legal entity that issues invoices. Stream: the entity id. Appended by invoice-svc. No money moves."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Address

AccountUse = Literal["receipts", "refunds"]
"""Purpose of a bank account: customers pay into it, or customers are repaid from it."""
VatRegime = Literal["monthly", "quarterly", "yearly"]
"""Period of the VAT returns (CGI 287)."""


class Letterhead(Value, frozen=True, kw_only=True):
    """Details that letters and invoices show beside the entity's name, address and legal form (C. com. R123-237)."""

    registration: str | None = None
    """Register, place and number, such as ``RCS Paris 552 100 554``."""
    share_capital_minor: int | None = None
    share_capital_currency: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    logo: str | None = None
    """Reference of the image, such as its address; the ledger does not hold the image."""


class EntityRegistered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A legal entity begins to issue in this ledger."""

    TYPE: ClassVar[str] = "entity.registered"
    entity_id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    iban: str | None
    letterhead: Letterhead | None = None


class EntityAmended(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The identity from now on; all of it, so that the latest one is the whole truth."""

    TYPE: ClassVar[str] = "entity.amended"
    entity_id: str
    name: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    iban: str | None
    letterhead: Letterhead | None = None


class SeriesDefined(Event, frozen=True, kw_only=True):
    """A number series: prefix with the year, then a running number without gaps per calendar year."""

    TYPE: ClassVar[str] = "entity.series_defined"
    entity_id: str
    code: str
    document: Literal["invoice", "credit_note", "penalty_document"]
    prefix: str
    """Text before the running number, ``{year}`` standing for the year of issue: ``FAC-{year}-``."""
    width: int


class FirstNumberSet(Event, frozen=True, kw_only=True):
    """A series goes on with the numbers of another system: the running number of its first document in a year."""

    TYPE: ClassVar[str] = "entity.first_number_set"
    entity_id: str
    code: str
    year: int
    first_number: int


class NumberDisplaySet(Event, frozen=True, kw_only=True):
    """The text in which the numbers of a series are shown from a day of issue on; the legal number stays what it is."""

    TYPE: ClassVar[str] = "entity.number_display_set"
    entity_id: str
    code: str
    template: str | None
    """Text with ``{number}``, and ``{customer_ref}`` or ``{reference}``; ``None``: the number alone."""
    valid_from: date


class PeriodClosed(Event, frozen=True, kw_only=True):
    """Documents dated on that day or before are issued no more."""

    TYPE: ClassVar[str] = "entity.period_closed"
    entity_id: str
    closed_until: date


class BankAccountSet(Event, frozen=True, kw_only=True):
    """The bank account of a currency and use from a day on, in place of the one before."""

    TYPE: ClassVar[str] = "entity.bank_account_set"
    entity_id: str
    currency: str
    use: AccountUse
    valid_from: date
    iban: str | None
    """``None``: there is no such account from that day on."""
    bic: str | None
    holder: str | None
    """Name of the account's holder, if it is not that of the entity."""
    bank: str | None


class VatRegimeSet(Event, frozen=True, kw_only=True):
    """The period of the VAT returns from a day on; before the first setting it is the year."""

    TYPE: ClassVar[str] = "entity.vat_regime_set"
    entity_id: str
    regime: VatRegime
    valid_from: date
