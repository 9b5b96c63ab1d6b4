"""Facts and comments at the dates of a question, of all records of a debtor."""

from __future__ import annotations

from collections.abc import Sequence

from encours.http.queries import Query
from encours.reading.merges import records_of
from encours.reading.moment import TimeTravel
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.file.comments import CreditComment, comments_of
from risk_svc.domain.file.facts import CreditFact, facts_of, in_order
from risk_svc.domain.policy import policy_of, roles_of
from risk_svc.read_models.file.query import entity_of
from risk_svc.use_cases.file.facts import CREDIT_COMMENTS, CREDIT_FACTS
from risk_svc.use_cases.standing import CREDIT_POLICY


async def records_seen(q: Query, customer_id: str) -> tuple[list[str], str, TimeTravel]:
    """Return all records of the debtor, its entity and the dates. Raises :class:`CreditCustomerNotFound`."""
    missing = CreditCustomerNotFound(customer_id)
    async with q.view("credit") as view:
        entity_id = await entity_of(view, customer_id)
        if entity_id is None:
            raise missing
        q.caller.require_sight(entity_id, missing)
        return await records_of(view, customer_id) or [], entity_id, view.time


async def facts_seen(q: Query, records: Sequence[str], time: TimeTravel) -> list[CreditFact]:
    """Return the facts of records, the last observed first."""
    streams = [facts_of(each) for each in records]
    found = await q.ledger.read_streams(q.caller.ledger, streams, upto=time.position)
    return in_order([CREDIT_FACTS.fold_as_of(found.get(each, ()), time.as_of) for each in streams])


async def comments_seen(
    q: Query, records: Sequence[str], entity_id: str, time: TimeTravel
) -> list[CreditComment]:
    """Return the comments on records that the caller may read, the last first; its roles are those of today."""
    policy = policy_of(entity_id)
    streams = [comments_of(each) for each in records]
    found = await q.ledger.read_streams(q.caller.ledger, streams, upto=time.position)
    rules = CREDIT_POLICY.fold(await q.ledger.read_stream(q.caller.ledger, policy))
    roles = roles_of(rules, q.caller.actor, await q.ledger.today(q.caller.ledger))
    states = [CREDIT_COMMENTS.fold_as_of(found.get(each, ()), time.as_of) for each in streams]
    seen = [each for state in states for each in state.comments if each.visible(q.caller.actor, roles)]
    return sorted(seen, key=lambda each: each.position, reverse=True)
