"""Commands on a placement, and the facts that they are decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from encours.contracts.events.dunning.placements import PlacementFee, PlacementPartner


@dataclass(frozen=True, slots=True)
class PlaceInvoices:
    """Hand invoices over. ``without_notice``: reason for which a formal notice is not needed."""

    customer_id: str
    invoice_ids: tuple[str, ...]
    partner: PlacementPartner
    fee: PlacementFee
    fee_currency: str | None
    handed_over_on: date | None
    without_notice: str | None


@dataclass(frozen=True, slots=True)
class RecallInvoices:
    """Take invoices back, all of the placement if none is named."""

    placement_id: str
    invoice_ids: tuple[str, ...]
    cause: str
    recalled_on: date | None


@dataclass(frozen=True, slots=True)
class PlaceableInvoice:
    """An invoice of the debtor as it is known when the command is decided.

    ``placement_id``: where it is placed. ``recalled_on``: the last day on which it was with an earlier partner.
    ``title_id``: procedure for a title that runs for it.
    """

    number: str
    entity_id: str
    currency: str
    issued_on: date
    due_on: date
    open_minor: int
    disputed_minor: int
    notice_on: date | None
    placement_id: str | None
    recalled_on: date | None = None
    title_id: str | None = None


OpenTask = tuple[str, tuple[str, ...]]
"""Task and its invoices."""


@dataclass(frozen=True, slots=True)
class PlaceableDebtor:
    """Facts about a debtor: the invoices of all its records, as far as they are open or were asked for.

    ``placements``: number of those that name the debtor itself, from which the id of the next one follows. Placements
    of records that are merged into it are not counted: the merge may be reversed.
    """

    customer_id: str
    invoices: Mapping[str, PlaceableInvoice]
    placements: int
    open_tasks: tuple[OpenTask, ...] = ()
    """Open tasks of the ladder."""
