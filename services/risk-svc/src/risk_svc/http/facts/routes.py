"""Facts about a customer, answers of registers, and comments on its credit."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.contracts.events.credit_file import CreditFactKind
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.http.facts.answers import (
    COMMENT_ANSWER,
    FACTS_ANSWER,
    CreditCommentMadeOut,
    CreditCommentsAsOf,
    CreditFactsAsOf,
    comment_answer,
)
from risk_svc.http.facts.bodies import (
    CreditCommentBody,
    ExtractBody,
    FactBody,
    FactCorrectionBody,
    FactWithdrawalBody,
)
from risk_svc.http.facts.seen import comments_seen, facts_seen, records_seen
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.use_cases.file import facts

router = Router(tags=["Credit file"])
Telling = Annotated[Command, command("risk:comment")]
Filing = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
NumberPath = Annotated[int, Path(ge=1, le=1_000_000)]


@router.post("/v1/customers/{customer_id}/facts", response_model=CreditFactsAsOf, status_code=201)
async def record_fact(customer_id: CustomerId, body: FactBody, cmd: Telling) -> Response:
    """Record a dated fact about a customer: from sales, a branch, a register, an insurer."""
    return await cmd.run(facts.record_facts, body.to_command(customer_id), answer=FACTS_ANSWER, status=201)


@router.post("/v1/customers/{customer_id}/register-extracts", response_model=CreditFactsAsOf, status_code=201)
async def file_extract(customer_id: CustomerId, body: ExtractBody, cmd: Filing) -> Response:
    """Record the facts in the answer of a company register about the customer's SIREN.

    Each record of the register is one fact: filed again it makes no other, and corrects the fact if it has changed. A
    notice of insolvency asks for a review; proceedings are recorded by people, in invoice-svc.
    """
    return await cmd.run(facts.file_extract, body.to_command(customer_id), answer=FACTS_ANSWER, status=201)


@router.post("/v1/customers/{customer_id}/facts/{number}/correct", response_model=CreditFactsAsOf)
async def correct_fact(
    customer_id: CustomerId, number: NumberPath, body: FactCorrectionBody, cmd: Filing
) -> Response:
    """Correct a fact: all of its content, and the reason. The earlier content stays in the ledger."""
    return await cmd.run(facts.correct_fact, body.to_command(customer_id, number), answer=FACTS_ANSWER)


@router.post("/v1/customers/{customer_id}/facts/{number}/withdraw", response_model=CreditFactsAsOf)
async def withdraw_fact(
    customer_id: CustomerId, number: NumberPath, body: FactWithdrawalBody, cmd: Filing
) -> Response:
    """Withdraw a fact that was recorded in error. One that has ended gets a `valid_until` by a correction."""
    return await cmd.run(facts.withdraw_fact, body.to_command(customer_id, number), answer=FACTS_ANSWER)


@router.get("/v1/customers/{customer_id}/facts", response_model=CreditFactsAsOf)
async def list_facts(
    customer_id: CustomerId, q: Reading, kind: CreditFactKind | None = None, in_force: bool | None = None
) -> Response:
    """List the facts about a customer that were observed up to a date, as they were known; the last first.

    A correction known at the moment asked for holds from the day of the observation on.
    """
    records, _, time = await records_seen(q, customer_id)
    shown = [
        each
        for each in await facts_seen(q, records, time)
        if kind in (None, each.content.kind) and in_force in (None, each.in_force(time.as_of))
    ]
    return q.respond(CreditFactsAsOf.shown(shown, time.as_of, time.echo()))


@router.post(
    "/v1/customers/{customer_id}/credit-comments", response_model=CreditCommentMadeOut, status_code=201
)
async def make_comment(customer_id: CustomerId, body: CreditCommentBody, cmd: Telling) -> Response:
    """Comment on a customer's credit, for all who read its file or for some roles."""
    return await cmd.run(facts.make_comment, body.to_make(customer_id), answer=COMMENT_ANSWER, status=201)


@router.post(
    "/v1/customers/{customer_id}/credit-comments/{number}/correct", response_model=CreditCommentMadeOut
)
async def correct_comment(
    customer_id: CustomerId, number: NumberPath, body: CreditCommentBody, cmd: Telling
) -> Response:
    """Put an own comment in other words."""
    corrected = body.to_correct(customer_id, number)
    return await cmd.run(facts.correct_comment, corrected, answer=comment_answer(number))


@router.get("/v1/customers/{customer_id}/credit-comments", response_model=CreditCommentsAsOf)
async def list_comments(customer_id: CustomerId, q: Reading) -> Response:
    """List the comments on a customer's credit that the caller may read, the last first."""
    records, entity_id, time = await records_seen(q, customer_id)
    shown = await comments_seen(q, records, entity_id, time)
    return q.respond(CreditCommentsAsOf.shown(shown, time.echo()))
