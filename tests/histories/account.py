"""A customer's account in memory: rows of risk-svc's read model, folded as events come and added up as its SQL does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import structs

from encours.contracts import Recorded
from encours.contracts.parties import Survivors
from encours.projection.row_cache import RowCache
from risk_svc.domain.exposure import ExposureItem
from risk_svc.read_models.credit.accounts import accounts_of
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.rows import ExposureInvoiceRow, ExposureMovementRow

_OF_INVOICE = (
    "customer_id", "currency", "invoice_id", "number", "issued_on", "due_on", "total_minor", "is_penalty",
)  # fmt: skip
_SUMS = ("open", "owed", "disputed", "planned", "conceded")


class AccountInMemory:
    """Account in euros of ``cus_1``, after the events that were folded."""

    def __init__(self) -> None:
        self._model = Credit()
        self._rows = RowCache(self._model.rows)
        self._rows.assume_empty()
        self._seen = 0

    def items(self, events: Sequence[Recorded], as_of: date) -> tuple[ExposureItem, ...]:
        """Fold what is new of all events of a ledger; return the invoices as of a day, the oldest due first."""
        for event in events[self._seen :]:
            if event.type in self._model.applies:
                self._model.project(event, self._rows)
        self._rows.undo.clear()
        self._seen = len(events)
        found: dict[Any, Any] = {kind: kept for kind, kept, _ in self._rows.changes()}
        moved = [row for row in found[ExposureMovementRow] if row.effective_on <= as_of]
        invoices = sorted(found[ExposureInvoiceRow], key=lambda row: (row.due_on, row.invoice_id))
        items = [
            _item(row, [each for each in moved if each.invoice_id == row.invoice_id]) for row in invoices
        ]
        funds = [
            {
                "customer_id": row.customer_id, "currency": row.currency, "invoice_id": row.invoice_id or "",
                "payment_id": row.payment_id, "applied_minor": -row.open_minor, "unapplied_minor": row.unapplied_minor,
                "available_on": row.available_on,
            }
            for row in _grouped([row for row in moved if row.payment_id])
        ]  # fmt: skip
        return accounts_of(items, funds, (), Survivors((), date.min))["cus_1"]["EUR"].items


def _item(invoice: ExposureInvoiceRow, moved: list[ExposureMovementRow]) -> dict[str, Any]:
    found = {name: getattr(invoice, name) for name in _OF_INVOICE}
    found |= {f"{name}_minor": sum(getattr(row, f"{name}_minor") for row in moved) for name in _SUMS}
    return found | {"moved_on": max(row.effective_on for row in moved if row.open_minor)}


def _grouped(rows: list[ExposureMovementRow]) -> list[ExposureMovementRow]:
    """Sums by invoice and payment."""
    sums: dict[tuple[str | None, str | None], ExposureMovementRow] = {}
    for row in rows:
        known = sums.get((row.invoice_id, row.payment_id))
        if known is None:
            sums[row.invoice_id, row.payment_id] = structs.replace(row)
            continue
        known.open_minor += row.open_minor
        known.unapplied_minor += row.unapplied_minor
        known.available_on = max(filter(None, (known.available_on, row.available_on)), default=None)
    return list(sums.values())
