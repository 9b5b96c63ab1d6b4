"""Review diary of limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.http.commands import Command, command
from encours.http.models import BusinessDate, Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from risk_svc.domain.proposal.formula import FormulaTerms, formula_of
from risk_svc.domain.proposal.review import ReviewCause, causes, guarantee_causes
from risk_svc.domain.terms.proposals import terms_of
from risk_svc.domain.terms.required import RequiredGuarantee, required
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.reviews.answers import REVIEW_ANSWER, PostponedReviewAsOf, ReviewDiary, ReviewItem
from risk_svc.http.reviews.bodies import PostponeReviewBody
from risk_svc.read_models.reviews.query import AcceptedTerms, ReviewPage, reviewable
from risk_svc.use_cases import proposals
from risk_svc.use_cases.guarantees import GUARANTEE
from risk_svc.use_cases.risk_terms import RISK_TERMS

router = Router(tags=["Credit limits"])
Deciding = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
DIARY = paging("customer_id", default="customer_id", key="customer_id")
USUAL_DAYS = 30


@router.get("/v1/reviews", response_model=ReviewDiary)
async def list_reviews(
    q: Reading,
    page: Annotated[Page, DIARY],
    until: Annotated[
        BusinessDate | None, Parameter(description=f"Last day; {USUAL_DAYS} days ahead if not given.")
    ] = None,
    entity_id: Annotated[str | None, Id("ent")] = None,
) -> Response:
    """List customers to review: limits that expire, are used up or missing, old files, missing guarantees, told facts.

    A customer is listed until the cause is gone (a limit is decided, figures are filed, proceedings are recorded, the
    guarantee is taken), or the review is postponed.
    """
    async with q.view("credit") as view:
        found, time = await reviewable(view, page, entity_id=entity_id), view.time
    last = until or time.as_of + timedelta(days=USUAL_DAYS)
    entities = {picture.entity_id for picture in found.pictures.values()}
    formulas = {formula_of(each): each for each in sorted(entities)}
    streams = [*formulas, *(stream for each in found.agreed.values() for stream in _streams_of(each))]
    events = await q.ledger.read_streams(q.caller.ledger, streams, upto=time.position)
    terms = {
        entity: proposals.FORMULA.fold_as_of(events.get(stream, ()), time.as_of).terms
        for stream, entity in formulas.items()
    }
    needed = {customer: _required(agreed, events, time.as_of) for customer, agreed in found.agreed.items()}
    body = page.body(
        found.rows, lambda row: _item(found, row["customer_id"], terms, needed, time.as_of, last)
    )
    body["data"] = [each for each in body["data"] if each is not None]
    return q.respond(body | {"until": last.isoformat()} | time.echo())


@router.post("/v1/customers/{customer_id}/review/postpone", response_model=PostponedReviewAsOf)
async def postpone_review(customer_id: CustomerId, body: PostponeReviewBody, cmd: Deciding) -> Response:
    """Put off the review of a customer, with the reason; it is listed again from a day on."""
    return await cmd.run(proposals.postpone_review, body.to_command(customer_id), answer=REVIEW_ANSWER)


def _streams_of(agreed: AcceptedTerms) -> list[str]:
    return [*map(terms_of, agreed.records), *agreed.guarantees]


def _required(
    agreed: AcceptedTerms, events: Mapping[str, Sequence[Recorded]], day: date
) -> list[RequiredGuarantee]:
    """Return the guarantees that a customer has agreed to give, as they are on a day."""
    proposed = [
        each
        for record in agreed.records
        for each in RISK_TERMS.fold_as_of(events.get(terms_of(record), ()), day).proposals
    ]
    given = [GUARANTEE.fold_as_of(events.get(each, ()), day) for each in agreed.guarantees]
    return required(proposed, given, day)


def _item(
    found: ReviewPage,
    customer_id: str,
    terms: Mapping[str, FormulaTerms | None],
    needed: Mapping[str, Sequence[RequiredGuarantee]],
    day: date,
    until: date,
) -> ReviewItem | None:
    picture = found.pictures.get(customer_id)
    if picture is None:
        return None
    put_off = found.postponed.get(customer_id)
    hidden = put_off is not None and put_off.until > until
    # Facts and terms are about the customer itself, a limit about all who share it; a later fact was not put off.
    calling = [
        ReviewCause(each.kind, each.observed_on, Reason.of(each.kind, told=each.text))
        for each in found.told.get(customer_id, ())
        if put_off is None or not hidden or each.position > put_off.position
    ]
    if not hidden:
        calling += guarantee_causes(needed.get(customer_id, ()), day, until)
    if picture.limit_holder_id == customer_id and not hidden:
        closed_on, renewals = found.closed_on.get(customer_id), found.renewals.get(customer_id, ())
        calling += causes(picture, terms[picture.entity_id], closed_on, day, until, renewals)
    calling.sort(key=lambda each: each.due_on)
    return ReviewItem.of(picture, calling, day) if calling else None
