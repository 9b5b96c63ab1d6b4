"""Routes of /v1/disputes, and the opening of a dispute on an invoice."""

from __future__ import annotations

from typing import Annotated, Literal

from starlette.responses import Response

from encours.contracts.events.sales.dispute import Category, DisputeKind
from encours.http.commands import Command, command
from encours.http.models import BusinessDate, ShortText
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.domain.dispute.state import evidence_of
from invoice_svc.http.common import CustomerId, DisputeId, EntityId, InvoiceId
from invoice_svc.http.disputes.answers import (
    DISPUTE_ANSWER,
    RESOLUTION_ANSWER,
    DisputeDocumentOut,
    DisputeListing,
    DisputeOut,
    ResolvedDisputeOut,
)
from invoice_svc.http.disputes.bodies import (
    AssignBody,
    DisputeBody,
    DisputeCommentBody,
    RaiseBody,
    ResolveBody,
)
from invoice_svc.http.evidence import Sha256Text
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.reads import read, show, show_page
from invoice_svc.read_models.disputes import query
from invoice_svc.read_models.disputes.query import DisputeFilter
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.money import claims
from invoice_svc.use_cases.sales import disputes

router = Router(tags=["Disputes"])
PAGE = paging(
    "id",
    "opened_on",
    "answer_by",
    default="id",
    key="dispute_id",
    columns={"id": "dispute_id"},
    nullable=("answer_by",),
)
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/invoices/{invoice_id}/disputes", response_model=DisputeOut, status_code=201)
async def open_dispute(invoice_id: InvoiceId, body: DisputeBody, cmd: Writing) -> Response:
    """Record that the customer contests an amount of the invoice, or has deducted it. The rest stays collectable."""
    return await cmd.run(
        claims.open_dispute,
        body.to_command(new_id("dis"), invoice_id),
        answer=DISPUTE_ANSWER,
        on=invoice_id,
        status=201,
        at="/v1/disputes",
    )


@router.get("/v1/disputes", response_model=DisputeListing)
async def list_disputes(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
    entity_id: EntityId | None = None,
    status: Literal["open", "resolved"] | None = None,
    kind: DisputeKind | None = None,
    category: Category | None = None,
    code: ShortText | None = None,
    owner: ShortText | None = None,
    deadline: Literal["near", "missed"] | None = None,
    answer_before: BusinessDate | None = None,
) -> Response:
    """List disputes as of a date. `deadline` and `answer_before` select open ones by their deadline on that date."""
    wanted = DisputeFilter(
        customer_id=customer_id,
        invoice_id=invoice_id,
        entity_id=entity_id,
        status=status,
        kind=kind,
        category=category,
        code=code,
        owner=owner,
        deadline=deadline,
        answer_before=answer_before,
    )
    async with q.view(NAME) as view:
        rows = await query.disputes(view, page, wanted)
    return await show_page(q, view, page, rows, "dispute_id", DISPUTE_ANSWER)


@router.get("/v1/disputes/{dispute_id}", response_model=DisputeOut)
async def get_dispute(dispute_id: DisputeId, q: Reading) -> Response:
    """Get a dispute."""
    return await show(q, DISPUTE_ANSWER, dispute_id)


@router.get("/v1/disputes/{dispute_id}/history", response_model=HistoryOut)
async def get_dispute_history(dispute_id: DisputeId, q: Reading, lang: TextLanguage = "en") -> Response:
    """List the events of the dispute that are effective as of the date, in the order of recording, each in words."""
    return await show_history(q, DISPUTE_ANSWER, dispute_id, lang)


@router.get("/v1/disputes/{dispute_id}/evidence/{sha256}", response_model=DisputeDocumentOut)
async def get_dispute_document(dispute_id: DisputeId, sha256: Sha256Text, q: Reading) -> Response:
    """Get a document of the dispute, or its SHA-256 alone where it is kept elsewhere."""
    _, events, time = await read(q, DISPUTE_ANSWER, dispute_id)
    found = evidence_of(events, sha256, time.as_of)
    return q.respond(DisputeDocumentOut.of(dispute_id, found) | time.echo(), last=events[-1])


@router.post("/v1/disputes/{dispute_id}/assign", response_model=DisputeOut)
async def assign_dispute(dispute_id: DisputeId, body: AssignBody, cmd: Writing) -> Response:
    """Give an open dispute to another owner, or another deadline."""
    return await cmd.run(disputes.assign, body.to_command(dispute_id), answer=DISPUTE_ANSWER, on=dispute_id)


@router.post("/v1/disputes/{dispute_id}/comments", response_model=DisputeOut, status_code=201)
async def comment_dispute(dispute_id: DisputeId, body: DisputeCommentBody, cmd: Writing) -> Response:
    """Add a remark and documents to a dispute, open or resolved."""
    return await cmd.run(
        disputes.comment, body.to_command(dispute_id), answer=DISPUTE_ANSWER, on=dispute_id, status=201
    )


@router.post("/v1/disputes/{dispute_id}/raise", response_model=DisputeOut)
async def raise_dispute(dispute_id: DisputeId, body: RaiseBody, cmd: Writing) -> Response:
    """Add to the amount of an open dispute. To lower it, resolve the part that is settled."""
    wanted = body.to_command(dispute_id)
    return await cmd.run(disputes.raise_amount, wanted, answer=DISPUTE_ANSWER, on=dispute_id)


@router.post("/v1/disputes/{dispute_id}/resolve", response_model=ResolvedDisputeOut)
async def resolve_dispute(dispute_id: DisputeId, body: ResolveBody, cmd: Writing) -> Response:
    """End the dispute, or with `amount` a part of it; with `credit_note` also by the credit note of what you accept.

    What is still owed of an amount that is rejected or withdrawn is collectable again. A `split` has both in one step.
    """
    wanted = body.to_command(dispute_id, new_id("cre"))
    return await cmd.run(disputes.resolve, wanted, answer=RESOLUTION_ANSWER, on=dispute_id)
