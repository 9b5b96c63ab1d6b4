"""Terms proposed because of the risk of a customer, their answers and their effect."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.risk_terms import figures_of, terms_of
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.reservations.turns import Turns
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.http.terms.answers import RISK_TERMS_ANSWER, TermsProposalsAsOf, TermsProposalsSeen
from risk_svc.http.terms.bodies import TermsAnswerBody, TermsProposalBody
from risk_svc.read_models.credit.query import LatestPictures, pictures
from risk_svc.use_cases import risk_terms

router = Router(tags=["Terms from risk"])
Proposing = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
NumberPath = Annotated[int, Path(ge=1, le=1_000_000)]


@router.post(
    "/v1/customers/{customer_id}/terms-proposals", response_model=TermsProposalsAsOf, status_code=201
)
async def propose_terms(customer_id: CustomerId, body: TermsProposalBody, cmd: Proposing) -> Response:
    """Propose a deposit, a shorter delay, a guarantee or earlier reminders; the figures of now are kept with it.

    It changes no terms by itself: those are agreed with the customer, and then set where they belong.
    """
    latest = LatestPictures(cmd.services.db, cmd.ledger)
    wanted = body.to_command(customer_id)
    turns: Turns = cmd.services.extras["turns"]
    async with turns.of(cmd.caller.ledger, customer_id):
        return await cmd.run(risk_terms.propose_terms, wanted, latest, answer=RISK_TERMS_ANSWER, status=201)


@router.post("/v1/customers/{customer_id}/terms-proposals/{number}/accept", response_model=TermsProposalsAsOf)
async def accept_terms(
    customer_id: CustomerId, number: NumberPath, body: TermsAnswerBody, cmd: Proposing
) -> Response:
    """Record that proposed terms were agreed."""
    given = body.to_command(customer_id, number, accepted=True)
    return await cmd.run(risk_terms.answer_terms, given, answer=RISK_TERMS_ANSWER)


@router.post(
    "/v1/customers/{customer_id}/terms-proposals/{number}/decline", response_model=TermsProposalsAsOf
)
async def decline_terms(
    customer_id: CustomerId, number: NumberPath, body: TermsAnswerBody, cmd: Proposing
) -> Response:
    """Record that proposed terms were not agreed."""
    given = body.to_command(customer_id, number, accepted=False)
    return await cmd.run(risk_terms.answer_terms, given, answer=RISK_TERMS_ANSWER)


@router.get("/v1/customers/{customer_id}/terms-proposals", response_model=TermsProposalsSeen)
async def list_terms_proposals(customer_id: CustomerId, q: Reading) -> Response:
    """List the terms proposed for a customer, and how it has paid before and since the answer to each."""
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
    events = await q.ledger.read_stream(q.caller.ledger, terms_of(picture.customer_id), upto=time.position)
    state = risk_terms.RISK_TERMS.fold_as_of(events, time.as_of)
    now = figures_of(SeenPicture(picture, time.position, 0, False), models.model, time.as_of)
    payer = picture.payer(time.as_of)
    return q.respond(
        TermsProposalsSeen.shown(picture.customer_id, state, payer, now, time.as_of, time.echo())
    )
