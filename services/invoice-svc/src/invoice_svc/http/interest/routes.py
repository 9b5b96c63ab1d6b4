"""Route of an invoice's interest statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from starlette.responses import Response

from encours.contracts.settlement import settlements
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.legal.packs import law_of
from invoice_svc.domain.interest.account import NO_PENALTIES, account_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.http.common import InvoiceId
from invoice_svc.http.interest.answers import InterestOut
from invoice_svc.http.interest.bodies import ReinstatementBody, WaiverBody
from invoice_svc.http.invoices.answers import INVOICE_ANSWER, InvoiceOut
from invoice_svc.http.reads import read
from invoice_svc.read_models.invoices.debts import open_debts, unapplied_cash
from invoice_svc.read_models.invoices.late import DebtorFiles
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.sales import penalties

router = Router(tags=["Invoices"])


@router.get("/v1/invoices/{invoice_id}/interest", response_model=InterestOut)
async def get_interest(
    invoice_id: InvoiceId, q: Annotated[Query, reading("invoices:read")], on: BusinessDate | None = None
) -> Response:
    """Penalties from the day after the due date up to and including `on` (`as_of` if not given), and the flat fee.

    Without a contractual rate they are those of the law of the entity's country; `no-legal-rate` if none is on file.

    Amounts count from the day on which their funds were available, allocated or not. Nothing is due on what a credit
    note cancelled or an accepted claim covers. Events that count by `as_of` are considered. Beside what is due stand
    what penalty documents claim and what was waived; `to_claim` is the rest, and `over_claimed` what a document claims
    and is not due: cancel it and claim again.
    """
    state, _, time = await read(q, INVOICE_ANSWER, invoice_id)
    async with replace(q, min_position=max(q.min_position, time.position)).view(NAME) as view:
        cash = await unapplied_cash(view, state.customer_id, state.currency)
        others = await open_debts(view, state.customer_id, state.currency) if cash else []
    state, _, time = await read(replace(q, asked_position=view.time.position), INVOICE_ANSWER, invoice_id)
    day = on or time.as_of
    found = NO_PENALTIES
    creditor = await q.ledger.read_stream(q.caller.ledger, state.entity_id, upto=time.position)
    entity = ENTITY.fold(creditor)
    if state.due_on is not None and state.terms is not None:
        debts = [debt_of(state), *(debt for debt in others if debt.invoice_id != invoice_id)]
        found = account_of(state, settlements(debts, cash)[invoice_id], day, law_of(entity.country))
    return q.respond(InterestOut.of(state, day, found) | view.time.echo())


@router.post("/v1/invoices/{invoice_id}/interest/waive", response_model=InvoiceOut)
async def waive_penalties(
    invoice_id: InvoiceId, body: WaiverBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Waive interest or the fee of an invoice, up to a day; the principal is owed as before.

    What a penalty document claims is not waived: cancel the document first.
    """
    return await cmd.run(
        penalties.waive,
        body.to_command(invoice_id, new_id("wvr")),
        DebtorFiles(cmd.services.db, cmd.ledger),
        answer=INVOICE_ANSWER,
        on=invoice_id,
    )


@router.post("/v1/invoices/{invoice_id}/interest/reinstate", response_model=InvoiceOut)
async def reinstate_penalties(
    invoice_id: InvoiceId, body: ReinstatementBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Reverse one waiver of penalties, or all: what was waived can be claimed again."""
    return await cmd.run(
        penalties.reinstate, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )
