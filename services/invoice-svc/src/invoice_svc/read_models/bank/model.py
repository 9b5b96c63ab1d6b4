"""The part of the lists that finds bank statements and their lines."""

from __future__ import annotations

from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.bank import (
    BankLineBooked,
    BankLineIgnored,
    BankLineProposed,
    BankLineRecorded,
    BankLineReopened,
    BankStatementImported,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from invoice_svc.domain.bank_line.state import LineStatus
from invoice_svc.read_models.bank.rows import BankLineRow, BankLineStatusRow, BankStatementRow

_Read = (
    BankStatementImported
    | BankLineRecorded
    | BankLineProposed
    | BankLineBooked
    | BankLineIgnored
    | BankLineReopened
)


class BankLists(Part):
    """Bank statements by entity, account and day; their lines by statement and status too."""

    rows = (BankStatementRow, BankLineRow, BankLineStatusRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case BankStatementImported():
                rows.put(
                    BankStatementRow(
                        statement_id=e.stream,
                        entity_id=e.entity,
                        iban=event.iban,
                        kind=event.kind,
                        stated_on=e.effective_on,
                        from_position=e.position,
                    )
                )
            case BankLineRecorded():
                rows.put(
                    BankLineRow(
                        line_id=e.stream,
                        statement_id=event.statement_id,
                        entity_id=e.entity,
                        iban=event.iban,
                        amount_minor=event.amount_minor,
                        booked_on=event.booked_on,
                        counts_on=e.effective_on,
                        from_position=e.position,
                    )
                )
                _put_status(e, rows, "announced" if event.is_announced else "unmatched")
            case BankLineProposed():
                _put_status(e, rows, "proposed")
            case BankLineBooked():
                _put_status(e, rows, "booked", event.payment_id)
            case BankLineIgnored():
                _put_status(e, rows, "ignored")
            case BankLineReopened():
                _put_status(e, rows, "unmatched")
            case _:
                assert_never(event)


def _put_status(e: Recorded, rows: RowCache, status: LineStatus, payment_id: str | None = None) -> None:
    rows.put(
        BankLineStatusRow(
            line_id=e.stream,
            position=e.position,
            effective_on=e.effective_on,
            status=status,
            payment_id=payment_id,
        )
    )
