"""State of a virtual IBAN, folded from its events: who holds it on each day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.money.bank import VirtualIbanAssigned
from encours.kernel.errors import NotFound
from encours.kernel.ids import derived_id


class VirtualIbanNotFound(NotFound):
    """The IBAN was never assigned (404)."""

    code = "virtual-iban-not-found"
    title = "Virtual IBAN not found"
    remedy = "Assign it with PUT /v1/customers/{id}/virtual-ibans/{iban}."


@dataclass(frozen=True, slots=True)
class Holding:
    """Days on which a customer holds the IBAN, before ``valid_until``; ``None`` is without end."""

    holder_id: str
    valid_from: date
    valid_until: date | None = None

    def overlaps(self, other: Holding) -> bool:
        """Return True if both have a day in common."""
        ends = (self.valid_until or date.max, other.valid_until or date.max)
        return max(self.valid_from, other.valid_from) < min(ends)


@dataclass(frozen=True, slots=True)
class VirtualIban:
    """State of a virtual IBAN, for decisions and answers. No two holdings have a day in common."""

    virtual_iban_id: str = ""
    entity_id: str = ""
    iban: str = ""
    holdings: tuple[Holding, ...] = ()
    """Ascending by their first day."""


def virtual_iban_id_of(entity_id: str, iban: str) -> str:
    """Return the id of an entity's virtual IBAN."""
    return derived_id("vib", entity_id, iban)


def evolve(state: VirtualIban, recorded: Recorded) -> VirtualIban:
    """Return the virtual IBAN after one more event."""
    event = cast(VirtualIbanAssigned, recorded.data)
    made = Holding(event.holder_id, event.valid_from, event.valid_until)
    return VirtualIban(event.virtual_iban_id, recorded.entity, event.iban, standing([*state.holdings, made]))


def standing(made: Iterable[Holding]) -> tuple[Holding, ...]:
    """Return the holdings that stand of all that were recorded, in that order: the last of a holder and first day."""
    last = {(each.holder_id, each.valid_from): each for each in made}
    kept = (each for each in last.values() if each.valid_until != each.valid_from)
    return tuple(sorted(kept, key=lambda each: (each.valid_from, each.holder_id)))


def holder_on(holdings: Iterable[Holding], day: date) -> str | None:
    """Return the customer who holds the IBAN on a day."""
    return next(
        (
            each.holder_id
            for each in holdings
            if each.valid_from <= day and (each.valid_until is None or day < each.valid_until)
        ),
        None,
    )
