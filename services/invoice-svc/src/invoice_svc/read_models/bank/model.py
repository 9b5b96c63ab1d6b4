"""The part of the lists that finds bank statements and their lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.money.bank import (
    BankLineBooked,
    BankLineIgnored,
    BankLineProposed,
    BankLineRecorded,
    BankLineReopened,
    BankLineReturnBooked,
    BankLineReturnProposed,
    BankStatementImported,
    VirtualIbanAssigned,
)
from encours.contracts.events.money.payment import PaymentReassigned, PaymentReversed
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.bank_line.marks import marks_of
from invoice_svc.domain.bank_line.returns import is_return, references_of
from invoice_svc.domain.bank_line.state import LineStatus
from invoice_svc.read_models.bank.rows import (
    BankLineReferenceRow,
    BankLineRow,
    BankLineStatusRow,
    BankStatementRow,
    PayerAccountRow,
    VirtualIbanRow,
    WaitingLineRow,
)

_Read = (
    BankStatementImported
    | BankLineRecorded
    | BankLineProposed
    | BankLineBooked
    | BankLineReturnProposed
    | BankLineReturnBooked
    | BankLineIgnored
    | BankLineReopened
    | VirtualIbanAssigned
    | PaymentReassigned
    | PaymentReversed
)


class BankLists(Part):
    """Bank statements by entity, account and day; their lines by statement and status too.

    Lines that wait for a match are found by their marks, payers by the accounts that booked lines have shown and by
    virtual IBANs. A payment that is moved shows the account of the customer who paid, a wrong booking none. A
    line that a virtual IBAN explains shows no account: anyone may pay to it for its holder.
    """

    rows = (
        BankStatementRow,
        BankLineRow,
        BankLineStatusRow,
        WaitingLineRow,
        PayerAccountRow,
        BankLineReferenceRow,
        VirtualIbanRow,
    )
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, PaymentReassigned):
            yield PayerAccountRow, (e.stream,)

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
                        is_return=is_return(event),
                    )
                )
                if event.amount_minor > 0:
                    for reference in references_of(event):
                        rows.put(
                            BankLineReferenceRow(line_id=e.stream, entity_id=e.entity, reference=reference)
                        )
                _put_status(e, rows, "announced" if event.is_announced else "unmatched")
                if event.amount_minor > 0 and not event.is_announced:
                    rows.put(
                        WaitingLineRow(
                            line_id=e.stream,
                            entity_id=e.entity,
                            from_position=e.position,
                            marks=marks_of(event),
                        )
                    )
            case BankLineProposed() | BankLineReturnProposed():
                _put_status(e, rows, "proposed")
            case BankLineBooked():
                _put_status(e, rows, "booked", event.payment_id)
                rows.drop(WaitingLineRow, e.stream)
                by_iban = any(reason.rule == "virtual_iban" for reason in event.reasons)
                if event.party_account is not None and event.customer_id is not None and not by_iban:
                    rows.put(
                        PayerAccountRow(
                            payment_id=event.payment_id,
                            entity_id=e.entity,
                            account=event.party_account,
                            customer_id=event.customer_id,
                            from_position=e.position,
                        )
                    )
            case BankLineReturnBooked():
                _put_status(e, rows, "booked")  # the payment has its own line
            case BankLineIgnored():
                _put_status(e, rows, "ignored")
                rows.drop(WaitingLineRow, e.stream)
            case BankLineReopened():  # a person decides from here on
                _put_status(e, rows, "unmatched")
                rows.drop(WaitingLineRow, e.stream)
                if event.payment_id is not None:
                    rows.drop(PayerAccountRow, event.payment_id)
            case PaymentReversed():
                if event.kind == "wrong_booking" and not event.left_minor:
                    rows.drop(PayerAccountRow, e.stream)
            case PaymentReassigned():
                if (taught := rows.get(PayerAccountRow, e.stream)) is not None:
                    taught.customer_id, taught.from_position = event.customer_id, e.position
                    rows.put(taught)
            case VirtualIbanAssigned():
                rows.put(
                    VirtualIbanRow(
                        virtual_iban_id=e.stream,
                        position=e.position,
                        entity_id=e.entity,
                        iban=event.iban,
                        holder_id=event.holder_id,
                        valid_from=event.valid_from,
                        valid_until=event.valid_until,
                    )
                )
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
