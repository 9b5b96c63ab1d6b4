"""Formula of limits, reported figures, and the limit that the formula proposes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.contracts.events.limit_formula import FinancialsFiled
from encours.http.commands import Command, command
from encours.http.models import BusinessDate, Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.proposal.financials import FinancialsNotFound, balance_sheets, financials_of, latest_of
from risk_svc.domain.proposal.formula import LimitFormulaNotFound, formula_of
from risk_svc.domain.proposal.propose import ProposalBasis, propose
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.proposals.answers import (
    FINANCIALS_ANSWER,
    FORMULA_ANSWER,
    FinancialsAsOf,
    FinancialsOut,
    LimitFormulaAsOf,
    LimitFormulaOut,
    LimitProposalAsOf,
)
from risk_svc.http.proposals.bodies import FinancialsBody, LimitFormulaBody
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.http.streams import stream_then
from risk_svc.read_models.credit.query import pictures
from risk_svc.use_cases import proposals

router = Router(tags=["Credit limits"])
Approving = Annotated[Command, command("risk:approve")]
Filing = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
EntityPath = Annotated[str, Id("ent")]


@router.put("/v1/entities/{entity_id}/limit-formula", response_model=LimitFormulaAsOf)
async def set_limit_formula(entity_id: EntityPath, body: LimitFormulaBody, cmd: Approving) -> Response:
    """Set the formula by which limits of the entity's customers are proposed: all of it."""
    wanted = body.to_command(entity_id)
    return await cmd.run(proposals.set_limit_formula, wanted, answer=FORMULA_ANSWER, on=formula_of(entity_id))


@router.get("/v1/entities/{entity_id}/limit-formula", response_model=LimitFormulaAsOf)
async def get_limit_formula(entity_id: EntityPath, q: Reading) -> Response:
    """Get the formula of limits of an entity as of a date, as known at an instant."""
    then = await stream_then(q, formula_of(entity_id), LimitFormulaNotFound(entity_id))
    found = LimitFormulaOut.of(proposals.FORMULA.fold(then.events))
    return q.respond(LimitFormulaAsOf(**dict(found), **then.echo), last=then.last)


@router.post("/v1/customers/{customer_id}/financials", response_model=FinancialsAsOf, status_code=201)
async def file_financials(customer_id: CustomerId, body: FinancialsBody, cmd: Filing) -> Response:
    """File figures that a customer has reported. The answer shows those of its latest balance sheet."""
    filed = body.to_command(customer_id)
    return await cmd.run(proposals.file_financials, filed, answer=FINANCIALS_ANSWER, status=201)


@router.get("/v1/customers/{customer_id}/financials/{closed_on}", response_model=FinancialsAsOf)
async def get_financials(
    customer_id: CustomerId,
    closed_on: Annotated[BusinessDate, Path(description="Day of the balance sheet.")],
    q: Reading,
) -> Response:
    """Get the figures of a balance sheet of a customer as of a date, as known at an instant; of two those filed last.

    `financials` of the credit file lists all.
    """
    missing = FinancialsNotFound(f"{customer_id}, {closed_on}")
    then = await stream_then(q, financials_of(customer_id), missing)
    filed = [e.data for e in then.events if isinstance(e.data, FinancialsFiled)]
    for each in balance_sheets(filed):
        if each.closed_on == closed_on:
            return q.respond(
                FinancialsAsOf(**dict(FinancialsOut.of_event(each)), **then.echo), last=then.last
            )
    raise missing


@router.get("/v1/customers/{customer_id}/limit-proposal", response_model=LimitProposalAsOf)
async def get_limit_proposal(customer_id: CustomerId, q: Reading) -> Response:
    """Get the limit that the formula proposes for a customer, with its figures. A request takes it over.

    404 without a formula as of the date.
    """
    missing = CreditCustomerNotFound(customer_id)
    async with q.view("credit") as view:
        time = view.time
        found = await pictures(
            view.conn, view.schema, [customer_id], as_of=time.as_of, position=time.position
        )
    if customer_id not in found:
        raise missing
    picture = found[customer_id]
    q.caller.require_sight(picture.entity_id, missing)
    models, _ = await score_models_at(q, time)
    formula, filing = formula_of(picture.entity_id), [financials_of(each) for each in picture.records]
    events = await q.ledger.read_streams(q.caller.ledger, [formula, *filing], upto=time.position)
    rules = proposals.FORMULA.fold_as_of(events.get(formula, ()), time.as_of)
    if rules.terms is None:
        raise LimitFormulaNotFound(picture.entity_id)
    filed = [proposals.FINANCIALS.fold_as_of(events.get(each, ()), time.as_of).latest for each in filing]
    basis = ProposalBasis(picture, latest_of(filed), models.model, time.position)
    proposal = propose(rules, basis, time.as_of)
    return q.respond(LimitProposalAsOf.shown(picture.customer_id, rules, proposal, time.echo()))
