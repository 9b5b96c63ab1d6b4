"""Open invoices of a litigation file: what was invoiced, each entry since then, and the limitation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.books import Movement, contested_of, movements
from encours.contracts.events.invoice import InvoiceIssued
from encours.legal.limitation import Acknowledgement, ClaimLimitation, limitation_of, limitation_rule


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """An entry on an invoice. ``open_minor``: change of the open amount; ``after_minor``: open amount after it."""

    on: date
    kind: str
    open_minor: int
    after_minor: int
    position: int


@dataclass(frozen=True, slots=True)
class LitigatedInvoice:
    """An invoice with an open amount. ``limitation`` is None without a rule on file."""

    issued: InvoiceIssued
    entity_id: str
    entries: Sequence[BookedEntry]
    open_minor: int
    disputed_minor: int
    limitation: ClaimLimitation | None


def litigated(
    stream: Sequence[Recorded], promised: Iterable[tuple[date, str]], country: str
) -> LitigatedInvoice | None:
    """Return an invoice by the events that count; None for one that is not issued, or of which nothing is open.

    ``promised``: day and invoice of each promise of the debtor. ``country``: that of the creditor.
    """
    issued = next((e for e in stream if isinstance(e.data, InvoiceIssued)), None)
    if issued is None:
        return None
    assert isinstance(issued.data, InvoiceIssued)
    own = [(e, entry) for e in stream for entry in movements(e) if entry.invoice_id == issued.data.invoice_id]
    open_minor = sum(entry.item_minor for _, entry in own)
    if open_minor <= 0:
        return None
    rule = limitation_rule(country, issued.data.due_on)
    promises = [(on, invoice_id) for on, invoice_id in promised if invoice_id == issued.data.invoice_id]
    acknowledged = [*_acknowledged(entry for _, entry in own), *((on, _PROMISE) for on, _ in promises)]
    return LitigatedInvoice(
        issued=issued.data,
        entity_id=issued.entity,
        entries=list(_entries(own)),
        open_minor=open_minor,
        disputed_minor=contested_of(open_minor, sum(entry.contested_minor for _, entry in own)),
        limitation=None if rule is None else limitation_of(rule, issued.data.due_on, acknowledged),
    )


_PROMISE: Acknowledgement = "promise"


def _acknowledged(entries: Iterable[Movement]) -> Iterator[tuple[date, Acknowledgement]]:
    for entry in entries:
        if entry.kind == "applied" and entry.available_on is not None:
            yield entry.available_on, "payment"
        elif entry.planned_minor > 0:
            yield entry.effective_on, "plan"


def _entries(own: Iterable[tuple[Recorded, Movement]]) -> Iterator[BookedEntry]:
    after = 0
    for e, entry in own:
        after += entry.item_minor
        if entry.item_minor or entry.contested_minor:
            yield BookedEntry(
                entry.available_on or entry.effective_on, entry.kind, entry.item_minor, after, e.position
            )
