"""Command of a check against another system: contest what is cancelled there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.money import claims

MAX_CONTESTED = 500
"""Most invoices of one append."""


class ContestCancelled(msgspec.Struct, frozen=True):
    """Contest all that is left of invoices that the other system has cancelled, at most :data:`MAX_CONTESTED`."""

    check_id: str
    invoice_ids: Sequence[str]


async def contest_cancelled(session: Session, command: ContestCancelled) -> Result:
    """Open a dispute over what is outstanding of each: from then on nothing asks for it."""
    for invoice_id in command.invoice_ids:
        invoice = await session.get(INVOICE, invoice_id)
        if invoice.outstanding_minor <= invoice.disputed_minor:
            continue
        opened = OpenDispute(
            dispute_id=derived_id("dis", command.check_id, invoice_id),
            invoice_id=invoice_id,
            category="administrative",
            amount_minor=None,
            text=f"Cancelled in the other system (check {command.check_id}).",
            owner=None,
            opened_on=None,
        )
        await claims.open_dispute(session, opened)
    return session.result(command.check_id)
