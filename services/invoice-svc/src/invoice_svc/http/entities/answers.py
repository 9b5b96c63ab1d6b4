"""Answers of /v1/entities."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.http.answers import Answer, Json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.entity.closing import closed_until
from invoice_svc.domain.entity.state import Entity, Series
from invoice_svc.http.common import AddressOut
from invoice_svc.read_models.numbers.query import Completeness
from invoice_svc.use_cases.folds import ENTITY


class SeriesOut(BaseModel):
    """A number series."""

    code: str
    document: Literal["invoice", "credit_note"]
    prefix: str
    width: int
    begins_at: dict[str, int] = Field(
        description="First running number by year, where it was set with `next_number`.",
        examples=[{"2026": 101}],
    )


class EntityOut(AsOf):
    """A legal entity that issues invoices."""

    id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: AddressOut | None
    iban: str | None
    closed_until: date = Field(
        description="Last day of the closed periods; by default the end of the last year that ended over a month ago."
    )
    series: list[SeriesOut]
    version: int

    @classmethod
    def of(cls, state: Entity, version: int, as_of: date) -> Json:
        """Show an entity with its series."""
        return {
            "id": state.entity_id,
            "name": state.name,
            "country": state.country,
            "currency": state.currency,
            "time_zone": state.time_zone,
            "legal_form": state.legal_form,
            "siren": state.siren,
            "vat_id": state.vat_id,
            "address": AddressOut.of(state.address),
            "iban": state.iban,
            "closed_until": closed_until(state, as_of).isoformat(),
            "series": [
                {
                    "code": s.code,
                    "document": s.document,
                    "prefix": s.prefix,
                    "width": s.width,
                    "begins_at": {str(year): n for year, n in state.first_numbers.get(s.code, {}).items()},
                }
                for _, s in sorted(state.series.items())
            ],
            "version": version,
        }


class CertificateOut(AsOf):
    """Certificate that the numbers of a series in a year follow each other without a gap, in date order."""

    entity_id: str
    series: str
    year: int
    first: str | None
    last: str | None
    count: int = Field(description="Numbers of the year, those taken over from another system among them.")
    taken_over: int
    elsewhere_count: int = Field(
        description="Numbers below `begins_at` that another system gave and that were not taken over."
    )
    begins_at: str = Field(description="Number from which on the series gives them.")
    missing: list[str]
    missing_count: int
    out_of_date_order: list[str]
    verdict: Literal["complete", "incomplete"]

    @classmethod
    def of(cls, entity_id: str, series: Series, year: int, found: Completeness) -> Json:
        """Show the numbers that a year lacks, as they would read."""
        sound = found.missing_count == 0 and not found.out_of_date_order
        return {
            "entity_id": entity_id,
            "series": series.code,
            "year": year,
            "first": found.first,
            "last": found.last,
            "count": found.count,
            "taken_over": found.taken_over,
            "elsewhere_count": found.elsewhere,
            "begins_at": series.number_of(year, found.begins_at),
            "missing": [series.number_of(year, running) for running in found.missing],
            "missing_count": found.missing_count,
            "out_of_date_order": list(found.out_of_date_order),
            "verdict": "complete" if sound else "incomplete",
        }


class EntityListing(AsOf, Listing[EntityOut]):
    """A page of entities."""


ENTITY_ANSWER = Answer(ENTITY, EntityOut.of)
