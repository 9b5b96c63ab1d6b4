"""The creditor: a legal entity that issues invoices. Stream: the entity id. Appended by invoice-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event
from encours.contracts.common import Address


class EntityRegistered(Event, frozen=True, kw_only=True):
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


class EntityAmended(Event, frozen=True, kw_only=True):
    """The identity from now on; all of it, so that the latest one is the whole truth."""

    TYPE: ClassVar[str] = "entity.amended"
    entity_id: str
    name: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    iban: str | None


class SeriesDefined(Event, frozen=True, kw_only=True):
    """A number series: prefix with the year, then a running number without gaps per calendar year."""

    TYPE: ClassVar[str] = "entity.series_defined"
    entity_id: str
    code: str
    document: Literal["invoice", "credit_note"]
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


class PeriodClosed(Event, frozen=True, kw_only=True):
    """Documents dated on that day or before are issued no more."""

    TYPE: ClassVar[str] = "entity.period_closed"
    entity_id: str
    closed_until: date
