"""Routes of insolvency proceedings."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.merges import survivors_at
from invoice_svc.domain.interest.declaration import declared, proceedings_to_declare_in
from invoice_svc.http.common import CustomerId
from invoice_svc.http.csv_pages import CSV, CSV_RESPONSE
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER, CustomerOut
from invoice_svc.http.insolvency.answers import InsolvencyClaimOut, claims_csv
from invoice_svc.http.insolvency.bodies import InsolvencyBody, InsolvencyCloseBody
from invoice_svc.http.interest.reads import accounts, insolvencies_of
from invoice_svc.http.reads import read
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.parties import insolvencies

router = Router(tags=["Customers"])
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/customers/{customer_id}/insolvency", response_model=CustomerOut)
async def record_insolvency(customer_id: CustomerId, body: InsolvencyBody, cmd: Writing) -> Response:
    """Record insolvency proceedings of the customer, or more about those in force.

    From the day of the judgment on, what was supplied before it is neither reminded of nor bears interest, and there is
    no recovery fee for an invoice that falls due from that day on. What is supplied from that day on is reminded of and
    bears interest as usual.
    """
    return await cmd.run(
        insolvencies.record,
        body.to_command(customer_id, new_id("ins")),
        answer=CUSTOMER_ANSWER,
        on=customer_id,
    )


@router.post("/v1/customers/{customer_id}/insolvency/close", response_model=CustomerOut)
async def close_insolvency(customer_id: CustomerId, body: InsolvencyCloseBody, cmd: Writing) -> Response:
    """Record that the proceedings in force ended."""
    return await cmd.run(
        insolvencies.close, body.to_command(customer_id), answer=CUSTOMER_ANSWER, on=customer_id
    )


@router.get(
    "/v1/customers/{customer_id}/insolvency-claim",
    response_model=InsolvencyClaimOut,
    responses={200: CSV_RESPONSE},
)
async def get_insolvency_claim(
    customer_id: CustomerId,
    q: Annotated[Query, reading("invoices:read")],
    on: BusinessDate | None = None,
) -> Response:
    """Claims to declare in the insolvency proceedings of a customer, by invoice, with the last day for it.

    Those before the judgment have the amount that was owed on its day, VAT included, with interest up to the day
    before and the fee; those after it have what is owed on `on` (`as_of`). All records of the debtor count. With
    `Accept: text/csv` the claims come as CSV.
    """
    customer, _, time = await read(q, CUSTOMER_ANSWER, customer_id)
    day = on or time.as_of
    dated = replace(q, as_of=time.as_of, min_position=max(q.min_position, time.position))
    async with dated.view(NAME) as view:
        records = (await survivors_at(view)).records(customer_id)
        proceedings = proceedings_to_declare_in(await insolvencies_of(q, view, records), customer_id)
        found = await accounts(q, view, records, day)
    claims = [
        claim
        for each in found
        if (claim := declared(proceedings, each.state, each.settlement, each.account, day)) is not None
    ]
    if CSV in q.request.headers.get("accept", ""):
        return claims_csv(claims)
    creditor = await q.ledger.read_stream(q.caller.ledger, customer.entity_id, upto=view.time.position)
    country = ENTITY.fold(creditor).country
    return q.respond(InsolvencyClaimOut.of(customer_id, day, proceedings, country, claims) | view.time.echo())
