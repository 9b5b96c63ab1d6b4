"""The part of the lists with what the review finds in single events: likenesses, late issues, dismissals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import assert_never, cast

import msgspec

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.sales.review import FindingDismissed
from encours.legal.invoicing import SupplyScope
from encours.legal.packs import invoicing_law_of
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.entities.rows import EntityRow
from invoice_svc.read_models.reviews.likeness import Likeness, likenesses
from invoice_svc.read_models.reviews.rows import TWIN, DismissalRow, FirstTwinRow, LateIssueRow, TwinRow

_Read = InvoiceIssued | FindingDismissed
_INTRA_EU = frozenset({"K", "AE"})


class Reviews(Part):
    """Invoices that are like others, invoices issued late, and dismissed findings."""

    rows = (FirstTwinRow, TwinRow, LateIssueRow, DismissalRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, InvoiceIssued):
            yield EntityRow, (e.entity,)
            for likeness in likenesses(e.entity, e.data, TWIN):
                yield FirstTwinRow, (e.data.customer_id, likeness.pattern)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case InvoiceIssued():
                for likeness in likenesses(e.entity, event, TWIN):
                    _compare(event, likeness, rows)
                entity = rows.get(EntityRow, e.entity)
                late = None if entity is None else _late(e, event, entity.country)
                if late is not None:
                    rows.put(late)
            case FindingDismissed():
                rows.put(
                    DismissalRow(
                        finding_id=e.stream,
                        position=e.position,
                        dismissed_on=e.effective_on,
                        facts=event.facts,
                        cause=event.cause,
                        actor=e.actor,
                    )
                )
            case _:
                assert_never(event)


def _compare(event: InvoiceIssued, likeness: Likeness, rows: RowCache) -> None:
    pattern, basis, period = likeness
    own = TwinRow(
        pattern=pattern,
        invoice_id=event.invoice_id,
        customer_id=event.customer_id,
        basis=basis,
        period=period,
    )
    first = rows.get(FirstTwinRow, event.customer_id, pattern)
    if first is None:
        rows.put(
            FirstTwinRow(
                customer_id=own.customer_id,
                pattern=pattern,
                invoice_id=own.invoice_id,
                basis=basis,
                period=period,
                several=False,
            )
        )
        return
    if not first.several:
        rows.put(msgspec.structs.replace(own, invoice_id=first.invoice_id, period=first.period))
        first.several = True
        rows.put(first)
    rows.put(own)


def _late(e: Recorded, event: InvoiceIssued, country: str) -> LateIssueRow | None:
    """Return the row of an invoice that was issued too late.

    Deposits, penalty documents and invoices taken over are not judged.
    """
    if event.series is None or event.purpose != "invoice":
        return None
    supplied_on = _supplied_on(event)
    deadline = invoicing_law_of(country).deadline(supplied_on, _scope(event))
    if deadline is None or event.issued_on <= deadline.last_day(supplied_on):
        return None
    return LateIssueRow(
        invoice_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        total_minor=event.total_minor,
        number=event.number,
        supplied_on=supplied_on,
        last_day=deadline.last_day(supplied_on),
        issued_on=event.issued_on,
        source=deadline.source,
        position=e.position,
    )


def _supplied_on(event: InvoiceIssued) -> date:
    """Return the day of the supply: the earliest delivery, else the end of the period, which ends a continuous supply.

    CGI 269-1 a bis: supplies with successive statements are made when the period of each ends.
    """
    if event.deliveries:
        return min(cited.delivered_on for cited in event.deliveries)
    stated = event.particulars
    return (stated.supply_until if stated is not None else None) or event.supply_on


def _scope(event: InvoiceIssued) -> SupplyScope:
    """Return the kind of the supply. Reverse charge counts as intra-EU: the later day holds for what may be either."""
    if {share.category for share in event.vat} & _INTRA_EU:
        return "intra_eu"
    stated = event.particulars is not None and event.particulars.supply_from is not None
    several = len({cited.delivered_on for cited in event.deliveries}) > 1
    return "periodic" if several or stated or event.terms.periodic else "usual"
