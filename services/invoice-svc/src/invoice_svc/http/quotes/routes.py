"""Routes of /v1/quotes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.domain.quote.state import QuoteStatus, evidence_of
from invoice_svc.http.common import CustomerId, EntityId, QuoteId
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.quotes.answers import QUOTE_ANSWER, EvidenceOut, QuoteListing, QuoteOut
from invoice_svc.http.quotes.bodies import (
    AcceptBody,
    ExtendBody,
    QuoteBody,
    QuoteContentBody,
    RefuseQuoteBody,
    SendQuoteBody,
)
from invoice_svc.http.reads import read, show, show_page
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.quotes import query
from invoice_svc.use_cases.sales import quotes

router = Router(tags=["Quotes"])
PAGE = paging("id", "drafted_on", "valid_until", default="id", key="quote_id", columns={"id": "quote_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/quotes", response_model=QuoteOut, status_code=201)
async def create_quote(body: QuoteBody, cmd: Writing) -> Response:
    """Draft a quote. Its number is a reference, not a legal number; your own is unique per entity."""
    return await cmd.run(quotes.draft, body.to_command(), answer=QUOTE_ANSWER, status=201, at="/v1/quotes")


@router.get("/v1/quotes", response_model=QuoteListing)
async def list_quotes(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    status: QuoteStatus | None = None,
    number: Annotated[str | None, QueryParam(max_length=200, description="Prefix of the number.")] = None,
) -> Response:
    """List quotes with their status as of a date."""
    wanted = query.QuoteFilter(customer_id, entity_id, status, number)
    async with q.view(NAME) as view:
        rows = await query.quotes(view, page, wanted)
    return await show_page(q, view, page, rows, "quote_id", QUOTE_ANSWER)


@router.get("/v1/quotes/{quote_id}", response_model=QuoteOut)
async def get_quote(quote_id: QuoteId, q: Reading) -> Response:
    """Get a quote as of a date."""
    return await show(q, QUOTE_ANSWER, quote_id)


@router.get("/v1/quotes/{quote_id}/history", response_model=HistoryOut)
async def get_quote_history(quote_id: QuoteId, q: Reading, lang: TextLanguage = "en") -> Response:
    """List the events of the quote that are effective as of the date, in the order of recording, each in words."""
    return await show_history(q, QUOTE_ANSWER, quote_id, lang)


@router.get("/v1/quotes/{quote_id}/evidence", response_model=EvidenceOut)
async def get_quote_evidence(quote_id: QuoteId, q: Reading) -> Response:
    """Get the signed document of the acceptance, or its SHA-256 where it is kept elsewhere."""
    _, events, time = await read(q, QUOTE_ANSWER, quote_id)
    found = evidence_of(quote_id, events, time.as_of)
    return q.respond(EvidenceOut.of(quote_id, found) | time.echo(), last=events[-1])


@router.put("/v1/quotes/{quote_id}", response_model=QuoteOut)
async def amend_quote(quote_id: QuoteId, body: QuoteContentBody, cmd: Writing) -> Response:
    """Replace the content of a quote that was not sent."""
    return await cmd.run(quotes.amend, body.to_amendment(quote_id), answer=QUOTE_ANSWER, on=quote_id)


@router.post("/v1/quotes/{quote_id}/send", response_model=QuoteOut)
async def send_quote(quote_id: QuoteId, cmd: Writing, body: SendQuoteBody | None = None) -> Response:
    """Record that you sent the quote. It binds you until its last day; its content no longer changes."""
    wanted = (body or SendQuoteBody()).to_command(quote_id)
    return await cmd.run(quotes.send, wanted, answer=QUOTE_ANSWER, on=quote_id)


@router.post("/v1/quotes/{quote_id}/extend", response_model=QuoteOut)
async def extend_quote(quote_id: QuoteId, body: ExtendBody, cmd: Writing) -> Response:
    """Move the last day later, also of a quote that has expired."""
    return await cmd.run(quotes.extend, body.to_command(quote_id), answer=QUOTE_ANSWER, on=quote_id)


@router.post("/v1/quotes/{quote_id}/accept", response_model=QuoteOut)
async def accept_quote(quote_id: QuoteId, body: AcceptBody, cmd: Writing) -> Response:
    """Record the acceptance with its evidence, and draft the invoice or place the order, in one step and once."""
    return await cmd.run(quotes.accept, body.to_command(quote_id), answer=QUOTE_ANSWER, on=quote_id)


@router.post("/v1/quotes/{quote_id}/refuse", response_model=QuoteOut)
async def refuse_quote(quote_id: QuoteId, cmd: Writing, body: RefuseQuoteBody | None = None) -> Response:
    """Record that the customer refuses the quote."""
    wanted = (body or RefuseQuoteBody()).to_command(quote_id)
    return await cmd.run(quotes.refuse, wanted, answer=QUOTE_ANSWER, on=quote_id)
