"""Routes of /v1/customers/{id}/virtual-ibans."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.http.common import CustomerId, iso
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER
from invoice_svc.http.reads import read
from invoice_svc.http.virtual_ibans.answers import VIRTUAL_IBAN_ANSWER, HeldIbansOut, VirtualIbanOut
from invoice_svc.http.virtual_ibans.bodies import VirtualIbanBody, VirtualIbanNumber
from invoice_svc.read_models.bank.virtual_ibans import of_customer
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.money import virtual_ibans

router = Router(tags=["Customers"])


@router.put("/v1/customers/{customer_id}/virtual-ibans/{iban}", response_model=VirtualIbanOut)
async def assign_virtual_iban(
    customer_id: CustomerId,
    iban: VirtualIbanNumber,
    body: VirtualIbanBody,
    cmd: Annotated[Command, command("invoices:write")],
) -> Response:
    """Assign a virtual IBAN to a customer from a day on: what is credited to it then is paid by the customer.

    One customer holds it on each day. The same `valid_from` again changes `valid_until`.
    """
    return await cmd.run(virtual_ibans.assign, body.to_command(customer_id, iban), answer=VIRTUAL_IBAN_ANSWER)


@router.get("/v1/customers/{customer_id}/virtual-ibans", response_model=HeldIbansOut)
async def list_virtual_ibans(
    customer_id: CustomerId, q: Annotated[Query, reading("invoices:read")]
) -> Response:
    """List the virtual IBANs of a customer with their days, as known at the instant."""
    _, _, time = await read(q, CUSTOMER_ANSWER, customer_id)
    async with replace(q, min_position=max(q.min_position, time.position)).view(NAME) as view:
        found = await of_customer(view, customer_id)
    return q.respond(HeldIbansOut.of(found) | view.time.echo() | {"as_of": iso(time.as_of)})
