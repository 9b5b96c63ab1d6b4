"""Early warnings of a day: episodes begin and end as a day opens, by what was in the ledger at that moment.

They begin with the first rules of an entity: before, nobody has said that it wants them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from risk_svc.domain.warning.episode import EndWarning, EntityWarningRules, RaiseWarning, rules_of, warning_of
from risk_svc.domain.warning.rules import WarnedCustomer, evaluate
from risk_svc.read_models.credit.standing import entities
from risk_svc.read_models.insurance.query import Moment
from risk_svc.read_models.warnings.query import Episodes, warned_book, warned_page
from risk_svc.use_cases.reacting import perform
from risk_svc.use_cases.warnings.commands import WARNING_RULES, end_warning, raise_warning

CUSTOMERS_AT_ONCE = 200
STEPS_AT_ONCE = 1_000
Step = CreditWarningRaised | CreditWarningEnded
STEPS = CreditWarningRaised.TYPE, CreditWarningEnded.TYPE
Later = Mapping[str, Sequence[Step]]
"""Steps of episodes by customer, in their order."""


class WarningsOfDay:
    """Raises and ends warnings. Each day is judged on its own date and at the position of its event.

    So work that is done late finds what it would have found in time, and a repetition changes nothing.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def open_day(self, e: Recorded) -> None:
        """Judge all customers on the day that opens."""
        assert isinstance(e.data, DayOpened)
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            found = await entities(conn, schema)
        zone = (await self._ledger.info(e.ledger)).time_zone
        later = await self._later(e)
        for entity_id in found:
            events = await self._ledger.read_stream(e.ledger, rules_of(entity_id), upto=e.position)
            if not events:
                continue
            own = await self._ledger.zone_of(e.ledger, entity_id) or zone
            day = day_elsewhere(e.data.day, zone, own)
            await self._judge(e, entity_id, day, WARNING_RULES.fold(events), later)

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

    async def _judge(
        self, e: Recorded, entity_id: str, day: date, rules: EntityWarningRules, later: Later
    ) -> None:
        after: str | None = ""
        while after is not None:
            async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
                book = await warned_book(Moment(conn, schema, day, e.position), entity_id)
                page = await warned_page(book, rules.rules.limit_drift, after=after, limit=CUSTOMERS_AT_ONCE)
            for each in page.customers:
                known = page.episodes[each.customer_id].with_steps(later.get(each.customer_id, ()))
                await self._apply(e, day, rules, each, known)
            after = page.last

    async def _apply(
        self, e: Recorded, day: date, rules: EntityWarningRules, seen: WarnedCustomer, known: Episodes
    ) -> None:
        holding = evaluate(seen, rules.rules, day, known.open_ids)
        for kind, evidence in holding.items():
            if kind not in known.open_ids:
                number = known.counts.get(kind, 0) + 1
                begun = RaiseWarning(seen.customer_id, kind, number, day, e.position, rules.version, evidence)
                warning_id = warning_of(seen.customer_id, kind, number)
                await perform(self._ledger, e, day, warning_id, raise_warning, begun)
        for lasting, warning_id in known.open_ids.items():
            if lasting not in holding:
                ended = EndWarning(warning_id, e.position)
                await perform(self._ledger, e, day, warning_id, end_warning, ended)
