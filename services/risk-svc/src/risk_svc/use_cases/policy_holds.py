"""Holds and badges by the credit policy of an entity, evaluated as a day opens; holds end with their causes."""

from __future__ import annotations

from datetime import date, timedelta

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import HoldCause
from encours.kernel.ids import derived_id
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.reading.reasons import sentence
from encours.service.calendar import day_elsewhere
from risk_svc.domain.badge import GiveBadge
from risk_svc.domain.hold import PlaceCreditHold, ReleaseCreditHold
from risk_svc.domain.hold_rules import causes_of, earns_badge
from risk_svc.domain.policy import CreditPolicy, policy_of
from risk_svc.read_models.credit.standing import CreditStanding, entities, standings
from risk_svc.use_cases import standing
from risk_svc.use_cases.reacting import perform

CUSTOMERS_AT_ONCE = 200


def causes_for(policy: CreditPolicy, seen: CreditStanding, day: date) -> dict[HoldCause, Reason]:
    """Return the causes for which a policy holds the orders of a customer on a day, each with its reason."""
    return causes_of(
        policy.holds,
        days_late=seen.days_late,
        insolvent=seen.insolvent,
        step=seen.step(day),
        cover_stop=seen.cover_stop,
        broken_promises=seen.broken_promises,
    )


def badge_reason(days_late: int) -> Reason:
    """Return the reason for the badge of a customer that is so late."""
    return Reason.of("days-past-due", days=days_late)


def hold_of(ledger: str, seen: CreditStanding, cause: HoldCause) -> str:
    """Return the id of a customer's next hold for a cause.

    It follows from the holds that have ended, not from the day: of days that are done late, one after the other, the
    second sees figures that may lack the hold of the first, and would place another.
    """
    return derived_id("chd", ledger, seen.customer_id, cause, seen.ended.get(cause, 0))


def placing(
    ledger: str, seen: CreditStanding, cause: HoldCause, reason: Reason, policy: CreditPolicy, position: int
) -> PlaceCreditHold:
    """Return the command that holds the orders of a customer by policy, as seen at a position."""
    hold_id = hold_of(ledger, seen, cause)
    return PlaceCreditHold(
        hold_id, seen.customer_id, cause, None, sentence(reason, "en"), policy.version, reason, position
    )


class PolicyHolds:
    """Places and ends holds by policy. A repetition of the day's event changes nothing."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def open_day(self, e: Recorded, day: date) -> None:
        """Hold orders for the causes that there are on the day, and end the holds whose causes are gone."""
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            found = await entities(conn, schema)
        zone = (await self._ledger.info(e.ledger)).time_zone
        for entity_id in found:
            events = await self._ledger.read_stream(e.ledger, policy_of(entity_id), upto=e.position)
            policy = standing.CREDIT_POLICY.fold(events)
            if policy.version:
                own = await self._ledger.zone_of(e.ledger, entity_id) or zone
                await self._evaluate(e, day_elsewhere(day, zone, own), policy)

    async def _evaluate(self, e: Recorded, today: date, policy: CreditPolicy) -> None:
        after = ""
        while True:
            async with self._db.snapshot("credit", e.ledger) as (conn, schema, position):
                some = await standings(
                    conn,
                    schema,
                    policy.entity_id,
                    after=after,
                    limit=CUSTOMERS_AT_ONCE,
                    as_of=today,
                    position=position,
                )
            for each in some:
                await self._apply(e, today, policy, each, position)
            if len(some) < CUSTOMERS_AT_ONCE:
                return
            after = some[-1].customer_id

    async def _apply(
        self, e: Recorded, today: date, policy: CreditPolicy, seen: CreditStanding, position: int
    ) -> None:
        causes = causes_for(policy, seen, today)
        for cause, reason in causes.items():
            if cause not in seen.holds:
                placed = placing(e.ledger, seen, cause, reason, policy, position)
                await perform(self._ledger, e, today, placed.credit_hold_id, standing.place_hold, placed)
        for held_for, hold_id in seen.holds.items():
            if held_for not in causes:
                ended = ReleaseCreditHold(hold_id, "cause_ended", None, policy.version, position)
                await perform(self._ledger, e, today, hold_id, standing.release_hold, ended)
        if earns_badge(policy.holds, seen.days_late):
            late = badge_reason(seen.days_late)
            given = GiveBadge(seen.customer_id, sentence(late, "en"), policy.version, late, position)
            # Once for the same delay: people may take the badge away while it lasts.
            since = today - timedelta(days=seen.days_late)
            await perform(self._ledger, e, today, seen.customer_id, standing.give_badge, given, once=since)
