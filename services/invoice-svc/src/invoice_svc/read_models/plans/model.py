"""The part of the lists that finds payment plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import Instalment
from encours.contracts.events.money.plan import (
    PlanAgreed,
    PlanBroken,
    PlanCancelled,
    PlanKept,
    PlanRescheduled,
    PlanResumed,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.plan.state import PlanEvent, PlanStatus
from invoice_svc.read_models.known import known
from invoice_svc.read_models.plans.rows import PlanInvoiceRow, PlanRow, PlanStatusRow


class Plans(Part):
    """Payment plans by customer, invoice and status."""

    rows = (PlanRow, PlanStatusRow, PlanInvoiceRow)
    applies = frozenset(event.TYPE for event in PlanEvent.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if not isinstance(e.data, PlanAgreed):
            yield PlanRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(PlanEvent, e.data)
        match event:
            case PlanAgreed():
                rows.put(_agreed(e, event))
                rows.put(PlanStatusRow(e.stream, e.position, e.effective_on, "in_force"))
                for each in event.invoices:
                    rows.put(PlanInvoiceRow(e.stream, each.invoice_id, each.amount_minor))
            case PlanRescheduled():
                plan = known(PlanRow, e, rows)
                plan.settled_minor = event.settled_minor
                plan.instalments = _written(event.instalments)
                rows.put(plan)
            case PlanKept():
                _become(e, "kept", rows)
            case PlanBroken():
                _become(e, "broken", rows)
            case PlanResumed():
                _become(e, "in_force", rows)
            case PlanCancelled():
                _become(e, "cancelled", rows)
            case _:
                assert_never(event)


def _agreed(e: Recorded, event: PlanAgreed) -> PlanRow:
    return PlanRow(
        plan_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        agreed_on=e.effective_on,
        from_position=e.position,
        total_minor=event.total_minor,
        grace_days=event.grace_days,
        instalments=_written(event.instalments),
    )


def _written(instalments: Sequence[Instalment]) -> list[str]:
    return [f"{each.due_on} {each.amount_minor}" for each in instalments]


def _become(e: Recorded, status: PlanStatus, rows: RowCache) -> None:
    plan = known(PlanRow, e, rows)
    plan.status = status
    rows.put(plan)
    rows.put(PlanStatusRow(e.stream, e.position, e.effective_on, status))
