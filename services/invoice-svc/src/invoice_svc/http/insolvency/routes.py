"""Routes of insolvency proceedings."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.routing import Router
from encours.kernel.ids import new_id
from invoice_svc.http.common import CustomerId
from invoice_svc.http.customers.answers import CUSTOMER_ANSWER, CustomerOut
from invoice_svc.http.insolvency.bodies import InsolvencyBody, InsolvencyCloseBody
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
