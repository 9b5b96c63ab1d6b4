"""Disputes of invoices by reason and outcome. Their amounts are movements of the invoices, and not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.sales.dispute import DisputeOpened, DisputeResolved
from encours.projection.rows import Row
from encours.reading.where import ViewWhere
from reporting_svc.read_models.receivables.rows import INVOICE_ID

if TYPE_CHECKING:
    from encours.reading.moment import View

OPEN = "open"


class ReportedDispute(Row, kw_only=True):
    """A dispute that is opened or resolved by an event; never changed again."""

    TABLE: ClassVar[str] = "dispute"
    KEY: ClassVar[tuple[str, ...]] = ("dispute_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(invoice_id)",)
    dispute_id: str
    position: int
    effective_on: date
    invoice_id: Annotated[str, INVOICE_ID]
    category: str | None
    """``None`` where the event leaves it as it was."""
    state: str
    """``open``, or the outcome."""

    @classmethod
    def of(cls, e: Recorded, data: DisputeOpened | DisputeResolved) -> ReportedDispute:
        """Return the row of an event."""
        return cls(
            dispute_id=data.dispute_id,
            position=e.position,
            effective_on=e.effective_on,
            invoice_id=data.invoice_id,
            category=data.category if isinstance(data, DisputeOpened) else None,
            state=OPEN if isinstance(data, DisputeOpened) else data.outcome,
        )


@dataclass(frozen=True, slots=True)
class InvoiceDispute:
    """A dispute of an invoice at the dates of a question."""

    category: str
    state: str
    since: int
    """Position of the event that set the state."""


async def disputes_of(view: View, invoices: Iterable[str]) -> Mapping[str, list[InvoiceDispute]]:
    """Return the disputes of those invoices that have had any, the last one opened or resolved at the end."""
    where = ViewWhere(view, entity=None).among("d.invoice_id", list(invoices), INVOICE_ID)
    where.add(f"d.effective_on <= {where.as_of}").add(f"d.position <= {where.position}")
    rows = await view.conn.fetch(
        f"""
        select {INVOICE_ID.sql("d.invoice_id")} as invoice_id, d.dispute_id, d.category, d.state, d.position
        from {view.schema}.dispute d where {where.sql} order by d.position
        """,
        *where.arguments,
    )
    found: dict[str, dict[str, InvoiceDispute]] = {}
    for row in rows:
        own = found.setdefault(row["invoice_id"], {})
        known = own.get(row["dispute_id"])
        category = row["category"] or (known.category if known else "")
        own[row["dispute_id"]] = InvoiceDispute(category, row["state"], row["position"])
    return {invoice: sorted(own.values(), key=lambda each: each.since) for invoice, own in found.items()}
