"""Credit policies between two days: holds by the steps of the ladder, and terms by rule as grades change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from encours.kernel.tasks import all_of
from encours.ledger import Ledger
from encours.ledger.states import Folder
from encours.reading.merges import survivors
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.calendar import day_elsewhere
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import CreditPolicy, policy_of
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.terms.proposals import terms_of
from risk_svc.domain.terms.rules import ProposeByRules, by_rules, follow
from risk_svc.read_models.credit.grades import graded_between, moved_between
from risk_svc.read_models.credit.holds import stepped_between
from risk_svc.read_models.credit.query import pictures
from risk_svc.read_models.credit.standing import policies_set, standings_of
from risk_svc.read_models.terms.query import candidates
from risk_svc.use_cases import standing
from risk_svc.use_cases.customers import CUSTOMER
from risk_svc.use_cases.follower import Follower
from risk_svc.use_cases.grading import models_of
from risk_svc.use_cases.policy_holds import causes_for, placing
from risk_svc.use_cases.reacting import perform_at
from risk_svc.use_cases.risk_terms import RISK_TERMS, follow_rules

CUSTOMERS_AT_ONCE = 200


class FollowPolicies(Follower):
    """Holds orders as a reminder takes a step, and proposes terms by rule.

    Terms are looked at for customers whose grade changed, or whose exposure did where a rule asks for it; for all as a
    policy is set, and at the start. A step that was taken while no worker ran holds as the next day opens.
    """

    kind = "policies"

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        super().__init__(ledger, db)
        self._policies: dict[tuple[str, str], tuple[int, CreditPolicy]] = {}
        """Policies by ledger and entity, as a copy of a ledger has the same entities; with their position."""

    async def look(self, name: str) -> None:
        """Look at the customers of entities with a credit policy that changed since the last look."""
        today = await self._ledger.today(name)
        info = await self._ledger.info(name)
        zone, at = info.time_zone, (name, info.epoch)
        try:
            async with self._db.snapshot("credit", name) as (conn, schema, position):
                found = await policies_set(conn, schema)
            since = self._seen.get(at)
            for entity_id, set_position in found.items():
                policy = await self._policy(name, entity_id, set_position)
                own = day_elsewhere(today, zone, await self._ledger.zone_of(name, entity_id) or zone)
                looking = _Looking(self._ledger, self._db, name, position, policy, own)
                if since is not None and policy.holds.dunning_steps:
                    await looking.hold(since)
                await looking.propose(since if since is not None and set_position <= since else None)
        except ReadModelNotReady:
            return
        self._seen[at] = position

    async def _policy(self, name: str, entity_id: str, set_position: int) -> CreditPolicy:
        known = self._policies.get((name, entity_id))
        if known is None or known[0] != set_position:
            events = await self._ledger.read_stream(name, policy_of(entity_id), upto=set_position)
            known = self._policies[name, entity_id] = set_position, standing.CREDIT_POLICY.fold(events)
        return known[1]


class _Looking:
    """One look at the customers of an entity.

    Each page has a snapshot of its own: one of the whole look would hold up a read model that is built again.
    """

    def __init__(
        self, ledger: Ledger, db: ReadDb, name: str, position: int, policy: CreditPolicy, today: date
    ) -> None:
        self._ledger, self._db, self._name, self._position = ledger, db, name, position
        self._policy, self._today = policy, today

    async def hold(self, since: int) -> None:
        """Hold the orders of customers for whom a reminder took a step of the policy."""
        async with self._db.snapshot("credit", self._name) as (conn, schema, _):
            stepped = await stepped_between(
                conn, schema, self._policy.entity_id, self._policy.holds.dunning_steps,
                after=since, upto=self._position,
            )  # fmt: skip
        for some in _pages(stepped):
            async with self._db.snapshot("credit", self._name) as (conn, schema, _):
                found = await standings_of(conn, schema, some, as_of=self._today, position=self._position)
            for seen in found:
                reason = causes_for(self._policy, seen, self._today).get("dunning_step")
                if reason is not None and "dunning_step" not in seen.holds:
                    placed = placing(self._name, seen, "dunning_step", reason, self._policy, self._position)
                    await perform_at(
                        self._ledger, self._name, self._position, self._today, placed.credit_hold_id,
                        standing.place_hold, placed,
                    )  # fmt: skip

    async def propose(self, since: int | None) -> None:
        """Propose terms to the customers that changed since a position, or to all."""
        if since is not None and not self._policy.terms:
            return
        model = (await models_of(self._ledger, self._name, self._position)).model
        if since is not None:
            for some in _pages(await self._changed(since)):
                await self._follow(some, model)
            return
        after: str | None = ""
        grades = {grade for rule in self._policy.terms for grade in rule.grades}
        while after is not None:
            async with self._db.snapshot("credit", self._name) as (conn, schema, _):
                some = await candidates(
                    conn, schema, self._policy.entity_id, grades, after=after, limit=CUSTOMERS_AT_ONCE
                )
            await self._follow(some, model)
            after = some[-1] if len(some) == CUSTOMERS_AT_ONCE else None

    async def _changed(self, since: int) -> list[str]:
        async with self._db.snapshot("credit", self._name) as (conn, schema, _):
            changed = set(await graded_between(conn, schema, after=since, upto=self._position))
            if any(rule.above_minor is not None or rule.kind == "guarantee" for rule in self._policy.terms):
                merged = await survivors(conn, schema, self._today, self._position)
                moved = await moved_between(conn, schema, merged, after=since, upto=self._position)
                changed.update(moved.get(self._policy.entity_id, ()))
        return sorted(changed)

    async def _follow(self, customers: Sequence[str], model: PaymentModel) -> None:
        """Follow the rules for a page of customers: side by side where they change anything."""
        if not customers:
            return
        async with self._db.snapshot("credit", self._name) as (conn, schema, _):
            found = await pictures(conn, schema, customers, as_of=self._today, position=self._position)
        given = {
            customer_id: by_rules(
                self._policy, SeenPicture(picture, self._position, 0, False), model, self._today
            )
            for customer_id, picture in found.items()
            if picture.customer_id == customer_id and picture.entity_id == self._policy.entity_id
        }
        known = await self._ledger.read_streams(self._name, map(terms_of, given))
        new = [each for each in given if follow(RISK_TERMS.fold(known.get(terms_of(each), ())), given[each])]
        folders: dict[str, Folder[Any]] = {terms_of(each): RISK_TERMS for each in new}
        await self._ledger.preload(self._name, folders | dict.fromkeys(new, CUSTOMER))
        await all_of(
            perform_at(
                self._ledger, self._name, self._position, self._today, each, follow_rules, ProposeByRules(each),
                given[each],
            )
            for each in new
        )  # fmt: skip


def _pages(customers: Sequence[str]) -> list[Sequence[str]]:
    return [
        customers[start : start + CUSTOMERS_AT_ONCE] for start in range(0, len(customers), CUSTOMERS_AT_ONCE)
    ]
