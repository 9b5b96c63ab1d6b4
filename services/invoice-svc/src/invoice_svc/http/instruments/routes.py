"""Routes of /v1/instruments."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.money.instrument import InstrumentKind
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.domain.instrument.state import InstrumentStatus
from invoice_svc.http.common import CustomerId, EntityId, InstrumentId, InvoiceId
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.instruments.answers import (
    CLEARED_ANSWER,
    INSTRUMENT_ANSWER,
    InstrumentListing,
    InstrumentOut,
)
from invoice_svc.http.instruments.bodies import (
    AcceptBillBody,
    BounceBody,
    CancelInstrumentBody,
    ClearBody,
    ExtendMaturityBody,
    InstrumentBody,
    InstrumentNumber,
    RefuseBillBody,
    RemitBody,
)
from invoice_svc.http.reads import show, show_page
from invoice_svc.read_models.instruments import query
from invoice_svc.read_models.invoices.candidates import Candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.money import instruments

router = Router(tags=["Cheques, bills and notes"])
PAGE = paging("id", "matures_on", default="id", key="instrument_id", columns={"id": "instrument_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("payments:write")]


@router.post("/v1/instruments", response_model=InstrumentOut, status_code=201)
async def receive_instrument(body: InstrumentBody, cmd: Writing) -> Response:
    """Record a cheque, bill of exchange or promissory note in hand. The invoices that it is meant for stay open.

    Nobody asks for what it covers until its clearing days have passed. Late-payment interest runs unless agreed.
    """
    return await cmd.run(
        instruments.receive, body.to_command(), answer=INSTRUMENT_ANSWER, status=201, at="/v1/instruments"
    )


@router.get("/v1/instruments", response_model=InstrumentListing)
async def list_instruments(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
    kind: InstrumentKind | None = None,
    status: InstrumentStatus | None = None,
    number: InstrumentNumber | None = None,
    matures_from: BusinessDate | None = None,
    matures_until: BusinessDate | None = None,
) -> Response:
    """List cheques, bills and notes as of a date; by maturity with `sort=matures_on`."""
    wanted = query.InstrumentFilter(
        entity_id, customer_id, invoice_id, kind, status, number, matures_from, matures_until
    )
    async with q.view(NAME) as view:
        rows = await query.instruments(view, page, wanted)
    return await show_page(q, view, page, rows, "instrument_id", INSTRUMENT_ANSWER)


@router.get("/v1/instruments/{instrument_id}", response_model=InstrumentOut)
async def get_instrument(instrument_id: InstrumentId, q: Reading) -> Response:
    """Get a cheque, bill or note."""
    return await show(q, INSTRUMENT_ANSWER, instrument_id)


@router.get("/v1/instruments/{instrument_id}/history", response_model=HistoryOut)
async def get_instrument_history(
    instrument_id: InstrumentId, q: Reading, lang: TextLanguage = "en"
) -> Response:
    """List the events of the instrument that are effective as of the date, each in words."""
    return await show_history(q, INSTRUMENT_ANSWER, instrument_id, lang)


@router.post("/v1/instruments/{instrument_id}/accept", response_model=InstrumentOut)
async def accept_bill(
    instrument_id: InstrumentId, cmd: Writing, body: AcceptBillBody | None = None
) -> Response:
    """Record that the drawee accepted a bill."""
    wanted = (body or AcceptBillBody()).to_command(instrument_id)
    return await cmd.run(instruments.accept, wanted, answer=INSTRUMENT_ANSWER, on=instrument_id)


@router.post("/v1/instruments/{instrument_id}/refuse", response_model=InstrumentOut)
async def refuse_bill(instrument_id: InstrumentId, body: RefuseBillBody, cmd: Writing) -> Response:
    """Record that the drawee refused to accept a bill: it covers no invoice any more."""
    return await cmd.run(
        instruments.refuse, body.to_command(instrument_id), answer=INSTRUMENT_ANSWER, on=instrument_id
    )


@router.post("/v1/instruments/{instrument_id}/extend", response_model=InstrumentOut)
async def extend_instrument(instrument_id: InstrumentId, body: ExtendMaturityBody, cmd: Writing) -> Response:
    """Agree a new maturity, today, of an instrument that the bank does not have."""
    return await cmd.run(
        instruments.extend, body.to_command(instrument_id), answer=INSTRUMENT_ANSWER, on=instrument_id
    )


@router.post("/v1/instruments/{instrument_id}/remit", response_model=InstrumentOut)
async def remit_instrument(
    instrument_id: InstrumentId, cmd: Writing, body: RemitBody | None = None
) -> Response:
    """Record the hand-over to the bank for collection, also of one that was returned before.

    A cheque may be presented before the day that was promised (C. mon. fin. L131-31).
    """
    wanted = (body or RemitBody()).to_command(instrument_id)
    return await cmd.run(instruments.remit, wanted, answer=INSTRUMENT_ANSWER, on=instrument_id)


@router.post("/v1/instruments/{instrument_id}/clear", response_model=InstrumentOut)
async def clear_instrument(
    instrument_id: InstrumentId, cmd: Writing, body: ClearBody | None = None
) -> Response:
    """Record that it is paid. Its payment settles the invoices that it is meant for, as far as they are open."""
    return await cmd.run(
        instruments.clear,
        (body or ClearBody()).to_command(instrument_id),
        Candidates(cmd.services.db, cmd.ledger),
        answer=CLEARED_ANSWER,
        on=instrument_id,
    )


@router.post("/v1/instruments/{instrument_id}/return", response_model=InstrumentOut)
async def return_instrument(instrument_id: InstrumentId, body: BounceBody, cmd: Writing) -> Response:
    """Record that the bank returned it unpaid. If it counted as paid, its payment is reversed.

    The invoices are open as of their original due dates, and reminders go on at their level.
    """
    wanted = body.to_command(instrument_id, new_id("rvl"))
    return await cmd.run(instruments.bounce, wanted, answer=INSTRUMENT_ANSWER, on=instrument_id)


@router.post("/v1/instruments/{instrument_id}/cancel", response_model=InstrumentOut)
async def cancel_instrument(
    instrument_id: InstrumentId, body: CancelInstrumentBody, cmd: Writing
) -> Response:
    """Give it back to the customer: it covers no invoice any more."""
    return await cmd.run(
        instruments.cancel, body.to_command(instrument_id), answer=INSTRUMENT_ANSWER, on=instrument_id
    )
