"""Early warnings of a day: episodes begin and end as a day opens, by what was in the ledger at that moment.

They begin with the first rules of an entity: before, nobody has said that it wants them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised
from encours.kernel.tasks import all_of
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.calendar import day_elsewhere
from risk_svc.domain.warning.episode import EndWarning, EntityWarningRules, RaiseWarning, rules_of, warning_of
from risk_svc.domain.warning.rules import WarnedCustomer, evaluate
from risk_svc.read_models.credit.standing import entities
from risk_svc.read_models.insurance.query import Moment
from risk_svc.read_models.warnings.judged import UnjudgedCustomers, concerns_one
from risk_svc.read_models.warnings.query import (
    Episodes,
    WarnedBook,
    WarnedPage,
    warned_book,
    warned_ids,
    warned_page,
)
from risk_svc.use_cases.reacting import TRANSIENT, perform
from risk_svc.use_cases.warnings.commands import (
    CREDIT_WARNING,
    WARNING_RULES,
    end_warning,
    raise_warning,
)

CUSTOMERS_AT_ONCE = 200
STEPS_AT_ONCE = 1_000
Step = CreditWarningRaised | CreditWarningEnded
STEPS = CreditWarningRaised.TYPE, CreditWarningEnded.TYPE
Later = Mapping[str, Sequence[Step]]
"""Steps of episodes by customer, in their order."""

log = structlog.get_logger("risk_svc.warnings")


@dataclass(frozen=True, slots=True)
class _Judging:
    """An entity on a day: its rules, what was recorded after it, and the customers who cannot be judged."""

    e: Recorded
    entity_id: str
    day: date
    rules: EntityWarningRules
    later: Later
    book: WarnedBook
    problems: dict[str, str] = field(default_factory=dict)

    def note(self, customer_id: str, error: Exception) -> None:
        """Note a customer who cannot be judged: the others are."""
        log.error("customer not judged", id=customer_id, day=str(self.day), exc_info=error)
        self.problems[customer_id] = f"{type(error).__name__}: {error}"


class WarningsOfDay:
    """Raises and ends warnings. Each day is judged on its own date and at the position of its event.

    So work that is done late finds what it would have found in time, and a repetition changes nothing.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._unjudged = UnjudgedCustomers(db.pool)

    async def open_day(self, e: Recorded) -> None:
        """Judge all customers on the day that opens."""
        assert isinstance(e.data, DayOpened)
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            found = await entities(conn, schema)
        info = await self._ledger.info(e.ledger)
        later = await self._later(e)
        for entity_id in found:
            events = await self._ledger.read_stream(e.ledger, rules_of(entity_id), upto=e.position)
            if not events:
                continue
            own = await self._ledger.zone_of(e.ledger, entity_id) or info.time_zone
            day = day_elsewhere(e.data.day, info.time_zone, own)
            async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
                book = await warned_book(Moment(conn, schema, day, e.position), entity_id)
            judging = _Judging(e, entity_id, day, WARNING_RULES.fold(events), later, book)
            await self._judge(judging)
            if info.kind == "live":
                await self._unjudged.replace(e.ledger, entity_id, day, judging.problems)

    async def _later(self, e: Recorded) -> Later:
        """Return what the work of earlier days, done late, recorded after this day: the read model lacks it."""
        found: defaultdict[str, list[Step]] = defaultdict(list)
        after = e.position
        while page := await self._ledger.read_types(e.ledger, STEPS, after, STEPS_AT_ONCE):
            for each in page:
                assert isinstance(each.data, CreditWarningRaised | CreditWarningEnded)
                found[each.data.customer_id].append(each.data)
            after = page[-1].position
        return found

    async def _judge(self, of: _Judging) -> None:
        after: str | None = ""
        while after is not None:
            async with self._db.snapshot("credit", of.e.ledger) as (conn, schema, _):
                moment = Moment(conn, schema, of.day, of.e.position)
                found = await warned_ids(moment, of.entity_id, after=after, limit=CUSTOMERS_AT_ONCE)
            await self._judge_some(of, found)
            after = found[-1] if len(found) == CUSTOMERS_AT_ONCE else None

    async def _judge_some(self, of: _Judging, customers: Sequence[str]) -> None:
        """Judge customers; where they cannot be read together, each half by itself, down to the one who is why."""
        if not customers:
            return
        try:
            page = await self._read(of, customers)
        except Exception as error:
            _stop_unless_of_one(error)
            if len(customers) == 1:
                of.note(customers[0], error)
                return
            middle = len(customers) // 2
            await self._judge_some(of, customers[:middle])
            await self._judge_some(of, customers[middle:])
            return
        steps: dict[str, list[RaiseWarning | EndWarning]] = {}
        for each in page.customers:
            known = page.episodes[each.customer_id].with_steps(of.later.get(each.customer_id, ()))
            try:
                steps[each.customer_id] = _steps(of, each, known)
            except Exception as error:
                _stop_unless_of_one(error)
                of.note(each.customer_id, error)
        episodes = {_episode_of(step): CREDIT_WARNING for found in steps.values() for step in found}
        await self._ledger.preload(of.e.ledger, episodes)
        # Side by side, so that the ledger stores them in groups.
        await all_of(self._take(of, customer_id, found) for customer_id, found in steps.items())

    async def _read(self, of: _Judging, customers: Sequence[str]) -> WarnedPage:
        async with self._db.snapshot("credit", of.e.ledger) as (conn, schema, _):
            moment = Moment(conn, schema, of.day, of.e.position)
            return await warned_page(moment, of.book, of.rules.rules.limit_drift, customers)

    async def _take(self, of: _Judging, customer_id: str, steps: Sequence[RaiseWarning | EndWarning]) -> None:
        """Take the steps of a customer, in their order."""
        try:
            for step in steps:
                subject = _episode_of(step)
                if isinstance(step, RaiseWarning):
                    await perform(self._ledger, of.e, of.day, subject, raise_warning, step, of.entity_id)
                else:
                    await perform(self._ledger, of.e, of.day, subject, end_warning, step)
        except Exception as error:
            _stop_unless_of_one(error)
            of.note(customer_id, error)


def _steps(of: _Judging, seen: WarnedCustomer, known: Episodes) -> list[RaiseWarning | EndWarning]:
    """Return the episodes that begin, then those that end."""
    holding = evaluate(seen, of.rules.rules, of.day, known.open_ids)
    begun = [
        RaiseWarning(
            seen.customer_id,
            kind,
            known.counts.get(kind, 0) + 1,
            of.day,
            of.e.position,
            of.rules.version,
            evidence,
        )
        for kind, evidence in holding.items()
        if kind not in known.open_ids
    ]
    ended = [
        EndWarning(warning_id, of.e.position)
        for lasting, warning_id in known.open_ids.items()
        if lasting not in holding
    ]
    return [*begun, *ended]


def _episode_of(step: RaiseWarning | EndWarning) -> str:
    if isinstance(step, EndWarning):
        return step.credit_warning_id
    return warning_of(step.customer_id, step.kind, step.episode)


def _stop_unless_of_one(error: Exception) -> None:
    """Raise an error that is no customer's: the whole day is then judged again."""
    if isinstance(error, (*TRANSIENT, ReadModelNotReady)) or not concerns_one(error):
        raise error
