"""Routes of interest statements, of an invoice and of a customer, and of waivers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.money.statement import StatementScope
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.legal.packs import law_of
from encours.reading.pages import Page
from invoice_svc.domain.interest.account import NO_PENALTIES, account_of
from invoice_svc.http.common import CustomerId, InvoiceId
from invoice_svc.http.csv_pages import CSV, CSV_RESPONSE
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER
from invoice_svc.http.interest.answers import (
    CustomerInterestOut,
    InterestOut,
    LateInvoiceOut,
    interest_csv,
    rows_of,
)
from invoice_svc.http.interest.bodies import ReinstatementBody, WaiverBody
from invoice_svc.http.interest.reads import settlement_of, stated
from invoice_svc.http.invoices.answers import INVOICE_ANSWER, InvoiceOut
from invoice_svc.http.reads import read
from invoice_svc.read_models.invoices.late import DebtorFiles
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.statements.content import customers_of
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.sales import penalties

router = Router(tags=["Invoices"])
PAGE = paging("due_on", default="due_on", key="invoice_id")
Reading = Annotated[Query, reading("invoices:read")]


@router.get("/v1/invoices/{invoice_id}/interest", response_model=InterestOut)
async def get_interest(invoice_id: InvoiceId, q: Reading, on: BusinessDate | None = None) -> Response:
    """Penalties from the day after the due date up to and including `on` (`as_of` if not given), and the flat fee.

    Without a contractual rate they are those of the law of the entity's country; `no-legal-rate` if none is on file.

    Amounts count from the day on which their funds were available, allocated or not. Nothing is due on what a credit
    note cancelled or an accepted claim covers, and no interest from the day of a judgment that opened insolvency
    proceedings of the debtor after the supply (`stayed_from`). Events that count by `as_of` are considered. Beside what
    is due stand what penalty documents claim and what was waived; `to_claim` is the rest, and `over_claimed` what a
    document claims and is not due: cancel it and claim again.
    """
    state, _, time = await read(q, INVOICE_ANSWER, invoice_id)
    dated = replace(q, as_of=time.as_of, min_position=max(q.min_position, time.position))
    async with dated.view(NAME) as view:
        known = replace(q, asked_position=view.time.position)
        state, _, _ = await read(known, INVOICE_ANSWER, invoice_id)
        day = on or time.as_of
        found, stayed_from = NO_PENALTIES, None
        if state.due_on is not None:
            creditor = await q.ledger.read_stream(q.caller.ledger, state.entity_id, upto=view.time.position)
            law = law_of(ENTITY.fold(creditor).country)
            settlement = await settlement_of(q, view, state)
            found, stayed_from = account_of(state, settlement, day, law), settlement.stayed_from
    return q.respond(InterestOut.of(state, day, found, stayed_from) | view.time.echo())


@router.get(
    "/v1/customers/{customer_id}/interest",
    response_model=CustomerInterestOut,
    responses={200: CSV_RESPONSE},
    tags=["Customers"],
)
async def get_customer_interest(
    customer_id: CustomerId,
    q: Reading,
    page: Annotated[Page, PAGE],
    on: BusinessDate | None = None,
    scope: StatementScope = "own",
) -> Response:
    """Statement of penalties and flat fees for late payment of a customer, up to and including `on` (`as_of`).

    It lists the invoices that are late or were paid late, and those that its penalty documents claim, each as
    `GET /v1/invoices/{id}/interest` states it; `totals` are over all pages, in each currency. `scope` takes the
    invoices of all for whom the customer pays (`payer`) or of its group (`group`) on the day of `as_of`; cash that one
    of them has left covers its own invoices. With `Accept: text/csv` the page comes as CSV.
    """
    _, _, time = await read(q, CUSTOMER_ANSWER, customer_id)
    day = on or time.as_of
    dated = replace(q, as_of=time.as_of, min_position=max(q.min_position, time.position))
    async with dated.view(NAME) as view:
        found = await stated(q, view, await customers_of(view, customer_id, scope), day)
    rows = rows_of(page, found)
    if CSV in q.request.headers.get("accept", ""):
        return interest_csv(page, rows)
    statement = CustomerInterestOut.of(customer_id, scope, day, found)
    return q.respond(page.body(rows, LateInvoiceOut.row) | statement | view.time.echo())


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
