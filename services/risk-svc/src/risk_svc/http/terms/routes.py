"""Terms proposed because of the risk of a customer, their answers and their effect."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.moment import View
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.terms.proposals import RiskTerms, figures_of, proposal, terms_of
from risk_svc.domain.terms.rules import ProposeByRules
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.reservations.turns import Turns
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.http.terms.answers import (
    PEERS_MAX,
    RISK_TERMS_ANSWER,
    TermsEffect,
    TermsEffectOut,
    TermsPeers,
    TermsProposalsAsOf,
    TermsProposalsSeen,
)
from risk_svc.http.terms.bodies import TermsAnswerBody, TermsProposalBody, TermsWithdrawalBody
from risk_svc.read_models.credit.query import LatestPictures, pictures
from risk_svc.read_models.terms.query import peers_of
from risk_svc.use_cases import risk_terms

router = Router(tags=["Terms from risk"])
Proposing = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
NumberPath = Annotated[int, Path(ge=1, le=1_000_000)]


@router.post(
    "/v1/customers/{customer_id}/terms-proposals", response_model=TermsProposalsAsOf, status_code=201
)
async def propose_terms(customer_id: CustomerId, body: TermsProposalBody, cmd: Proposing) -> Response:
    """Propose a deposit, a shorter delay, an early-payment discount, a guarantee or earlier reminders.

    The figures of now are kept with it. With `{}` the rules of the credit policy propose, as they do by themselves when
    a grade changes. A proposal changes nothing before it is accepted.
    """
    latest = LatestPictures(cmd.services.db, cmd.ledger)
    wanted = body.to_command(customer_id)
    turns: Turns = cmd.services.extras["turns"]
    async with turns.of(cmd.caller.ledger, customer_id):
        if isinstance(wanted, ProposeByRules):
            return await cmd.run(
                risk_terms.propose_by_rules, wanted, latest, answer=RISK_TERMS_ANSWER, status=201
            )
        return await cmd.run(risk_terms.propose_terms, wanted, latest, answer=RISK_TERMS_ANSWER, status=201)


@router.post("/v1/customers/{customer_id}/terms-proposals/{number}/accept", response_model=TermsProposalsAsOf)
async def accept_terms(
    customer_id: CustomerId, number: NumberPath, body: TermsAnswerBody, cmd: Proposing
) -> Response:
    """Record that proposed terms were agreed, by the authority of the credit policy.

    invoice-svc agrees a deposit, a shorter delay and an early-payment discount with the customer from that day on,
    unless what is agreed with it already goes as far.
    """
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


@router.post(
    "/v1/customers/{customer_id}/terms-proposals/{number}/withdraw", response_model=TermsProposalsAsOf
)
async def withdraw_terms(
    customer_id: CustomerId, number: NumberPath, body: TermsWithdrawalBody, cmd: Proposing
) -> Response:
    """Propose terms no longer, or end accepted ones: invoice-svc agrees what they replaced from that day on."""
    return await cmd.run(
        risk_terms.withdraw_terms, body.to_command(customer_id, number), answer=RISK_TERMS_ANSWER
    )


@router.get("/v1/customers/{customer_id}/terms-proposals/{number}/effect", response_model=TermsEffectOut)
async def get_terms_effect(customer_id: CustomerId, number: NumberPath, q: Reading) -> Response:
    """Get late invoices and mean delay before and since an answer, beside customers of the same grade without terms."""
    async with q.view("credit") as view:
        time = view.time
        picture, state = await _proposed(q, view, customer_id)
        known = proposal(state, number)
        own = peers = None
        if known.answered_on is not None:
            grade, entity_id = known.proposed.figures.grade, picture.entity_id
            others = await peers_of(
                view, picture.records, entity_id, grade, answered_on=known.answered_on, limit=PEERS_MAX
            )
            own = TermsEffect.of([picture.payer(time.as_of)], known.answered_on, time.as_of)
            of_others = TermsEffect.of(others, known.answered_on, time.as_of)
            peers = TermsPeers(grade=grade, customers=len(others), **dict(of_others))
    return q.respond(
        TermsEffectOut(
            customer_id=picture.customer_id,
            number=number,
            answered_on=known.answered_on,
            own=own,
            peers=peers,
            **time.echo(),
        )
    )


@router.get("/v1/customers/{customer_id}/terms-proposals", response_model=TermsProposalsSeen)
async def list_terms_proposals(customer_id: CustomerId, q: Reading) -> Response:
    """List the terms proposed for a customer, and how it has paid before and since the answer to each."""
    async with q.view("credit") as view:
        time = view.time
        picture, state = await _proposed(q, view, customer_id)
    models, _ = await score_models_at(q, time)
    now = figures_of(SeenPicture(picture, time.position, 0, False), models.model, time.as_of)
    payer = picture.payer(time.as_of)
    return q.respond(
        TermsProposalsSeen.shown(picture.customer_id, state, payer, now, time.as_of, time.echo())
    )


async def _proposed(q: Query, view: View, customer_id: str) -> tuple[Picture, RiskTerms]:
    """Return the figures of a customer and its proposals at the dates of a view."""
    time, missing = view.time, CreditCustomerNotFound(customer_id)
    found = await pictures(view.conn, view.schema, [customer_id], as_of=time.as_of, position=time.position)
    if customer_id not in found:
        raise missing
    picture = found[customer_id]
    q.caller.require_sight(picture.entity_id, missing)
    events = await q.ledger.read_stream(q.caller.ledger, terms_of(picture.customer_id), upto=time.position)
    return picture, risk_terms.RISK_TERMS.fold_as_of(events, time.as_of)
