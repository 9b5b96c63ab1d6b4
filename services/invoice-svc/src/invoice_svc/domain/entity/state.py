"""State of an entity, folded from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts import entity as events
from encours.contracts.common import Address
from encours.kernel.errors import NotFound

Document = Literal["invoice", "credit_note"]


class EntityNotFound(NotFound):
    """No entity has the id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Use an id from GET /v1/entities."


@dataclass(frozen=True, slots=True)
class Series:
    """A number series."""

    code: str
    document: Document
    prefix: str
    width: int

    def prefix_of(self, year: int) -> str:
        """Return the text before the running number of a year."""
        return self.prefix.replace("{year}", str(year))


@dataclass(frozen=True, slots=True)
class Entity:
    """State of an entity, for decisions and answers."""

    entity_id: str = ""
    name: str = ""
    country: str = ""
    currency: str = ""
    time_zone: str = ""
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    iban: str | None = None
    series: Mapping[str, Series] = field(default_factory=dict)
    prefixes: frozenset[tuple[str, str]] = frozenset()
    """Code and prefix of every series, current and former."""


EntityEvent = events.EntityRegistered | events.EntityAmended | events.SeriesDefined


def evolve(state: Entity, recorded: Recorded) -> Entity:
    """Return the entity after one more event."""
    event = cast(EntityEvent, recorded.data)
    match event:
        case events.EntityRegistered():
            return Entity(
                entity_id=event.entity_id,
                name=event.name,
                country=event.country,
                currency=event.currency,
                time_zone=event.time_zone,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
                series=state.series,
                prefixes=state.prefixes,
            )
        case events.EntityAmended():
            return replace(
                state,
                name=event.name,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
            )
        case events.SeriesDefined():
            series = Series(event.code, event.document, event.prefix, event.width)
            return replace(
                state,
                series={**state.series, event.code: series},
                prefixes=state.prefixes | {(event.code, event.prefix)},
            )
        case _:
            assert_never(event)
