"""Routes of /v1/deduction-codes and /v1/dispute-categories."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.sales.dispute import Category
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.dispute_rules.commands import rules_id
from invoice_svc.http.common import EntityId
from invoice_svc.http.dispute_rules.answers import (
    CATEGORIES_ANSWER,
    CODES_ANSWER,
    DeductionCodesOut,
    DisputeCategoriesOut,
)
from invoice_svc.http.dispute_rules.bodies import DeductionCode, DeductionCodeBody, DisputeCategoryBody
from invoice_svc.http.reads import show
from invoice_svc.use_cases.sales import dispute_rules

router = Router(tags=["Disputes"])
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.put("/v1/deduction-codes/{code}", response_model=DeductionCodesOut)
async def map_deduction_code(code: DeductionCode, body: DeductionCodeBody, cmd: Writing) -> Response:
    """Map a debtor's reason code to a category, for one customer or all of the entity, from a day on.

    Capitals and small letters are the same. A mapping for the customer comes before that for all.
    """
    wanted = body.to_command(code)
    return await cmd.run(dispute_rules.map_code, wanted, answer=CODES_ANSWER, on=rules_id(body.entity_id))


@router.get("/v1/deduction-codes", response_model=DeductionCodesOut)
async def list_deduction_codes(entity_id: EntityId, q: Reading) -> Response:
    """Get the reason codes of the debtors of an entity with their categories."""
    return await show(q, CODES_ANSWER, rules_id(entity_id))


@router.put("/v1/dispute-categories/{category}", response_model=DisputeCategoriesOut)
async def set_dispute_category(category: Category, body: DisputeCategoryBody, cmd: Writing) -> Response:
    """Set owner and deadline of the disputes of a category that are opened from a day on."""
    return await cmd.run(
        dispute_rules.set_category,
        body.to_command(category),
        answer=CATEGORIES_ANSWER,
        on=rules_id(body.entity_id),
    )


@router.get("/v1/dispute-categories", response_model=DisputeCategoriesOut)
async def list_dispute_categories(entity_id: EntityId, q: Reading) -> Response:
    """Get the owners and deadlines of an entity's disputes by category."""
    return await show(q, CATEGORIES_ANSWER, rules_id(entity_id))
