"""Routes of the approval circuit."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.routing import Router
from invoice_svc.domain.approval.commands import ApproveInvoice, SubmitInvoice
from invoice_svc.http.approvals.bodies import ApprovalBody, RejectBody
from invoice_svc.http.common import EntityId, InvoiceId
from invoice_svc.http.entities.answers import ENTITY_ANSWER, EntityOut
from invoice_svc.http.invoices.answers import INVOICE_ANSWER, InvoiceOut
from invoice_svc.use_cases.sales import approvals

router = Router(tags=["Approval"])
Writing = Annotated[Command, command("invoices:write")]
Approving = Annotated[Command, command("invoices:approve")]


@router.put("/v1/entities/{entity_id}/approval", response_model=EntityOut)
async def set_approval(entity_id: EntityId, body: ApprovalBody, cmd: Approving) -> Response:
    """Set the approval circuit of an entity: which totals need the approval of which role, and who has the roles."""
    return await cmd.run(
        approvals.set_approval, body.to_command(entity_id), answer=ENTITY_ANSWER, on=entity_id
    )


@router.post("/v1/invoices/{invoice_id}/submit", response_model=InvoiceOut)
async def submit_invoice(invoice_id: InvoiceId, cmd: Writing) -> Response:
    """Submit a draft for approval."""
    return await cmd.run(approvals.submit, SubmitInvoice(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)


@router.post("/v1/invoices/{invoice_id}/approve", response_model=InvoiceOut)
async def approve_invoice(invoice_id: InvoiceId, cmd: Approving) -> Response:
    """Approve a submitted draft. Whoever drafted, amended or submitted it cannot; an amendment takes it away."""
    return await cmd.run(approvals.approve, ApproveInvoice(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)


@router.post("/v1/invoices/{invoice_id}/reject", response_model=InvoiceOut)
async def reject_invoice(invoice_id: InvoiceId, body: RejectBody, cmd: Approving) -> Response:
    """Reject a submitted draft, with the reason."""
    return await cmd.run(approvals.reject, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)
