"""The part of the lists that finds bank statements and their lines."""

from __future__ import annotations

from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.bank import BankLineRecorded, BankStatementImported
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from invoice_svc.read_models.bank.rows import BankLineRow, BankLineStatusRow, BankStatementRow

_Read = BankStatementImported | BankLineRecorded


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
                rows.put(
                    BankLineStatusRow(
                        line_id=e.stream,
                        position=e.position,
                        effective_on=e.effective_on,
                        status="announced" if event.is_announced else "unmatched",
                    )
                )
            case _:
                assert_never(event)
