"""Route of an invoice's interest statement."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.invoice.interest import statement
from invoice_svc.domain.legal import late_payment_law
from invoice_svc.http.common import InvoiceId
from invoice_svc.http.interest.answers import InterestOut
from invoice_svc.http.invoices.answers import INVOICE_ANSWER
from invoice_svc.http.reads import read

router = Router(tags=["Invoices"])


@router.get("/v1/invoices/{invoice_id}/interest", response_model=InterestOut)
async def get_interest(
    invoice_id: InvoiceId, q: Annotated[Query, reading("invoices:read")], on: BusinessDate | None = None
) -> Response:
    """Penalties from the day after the due date up to and including `on` (`as_of` if not given), and the flat fee."""
    state, _, time = await read(q, INVOICE_ANSWER, invoice_id)
    day = on or time.as_of
    found = statement(state, day, late_payment_law().default_rate)
    return q.respond(InterestOut.of(state, day, found) | time.echo())
