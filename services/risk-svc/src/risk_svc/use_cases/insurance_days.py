"""Work of a day on insurance contracts: deadlines that are near or have passed, covers that stop and resume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.insured.claims import InsuredBook
from encours.contracts.insured.covers import InsuranceCover
from encours.contracts.insured.share import stopping_debt
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from risk_svc.domain.insurance.cover import ResumeCover
from risk_svc.domain.insurance.deadline import AlertDeadline, MissDeadline
from risk_svc.domain.insurance.work import found_on, is_missed, last_stopped, near, stops_and_ends
from risk_svc.read_models.insurance.query import Moment, books, contract_ids
from risk_svc.use_cases import insurance
from risk_svc.use_cases.reacting import perform


async def free_since(
    cover: InsuranceCover,
    today: date,
    end: date,
    books_on: Callable[[date], Awaitable[Sequence[InsuredBook]]],
) -> date | None:
    """Return the first day from which on no debt stops a cover that none stops today, by what is known now.

    ``end`` is the last day of the cover: ``None`` if a debt still stopped it then, as its stop has ended with it.
    """
    first, since = cover.stops[-1].from_on, today if today <= end else end + timedelta(days=1)
    while since > first:
        before = since - timedelta(days=1)
        known = await books_on(before)
        if any(stopping_debt(book, cover.content.customer_id, before) is not None for book in known):
            break
        since = before
    return since if since <= end else None


class InsuranceDays:
    """Records alerts, missed deadlines and stops of cover, each once; a repetition changes nothing."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def open_day(self, e: Recorded, day: date) -> None:
        """Do the work of a day on every contract, ``day`` being the day on which it is done."""
        assert isinstance(e.data, DayOpened)
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            found = await contract_ids(conn, schema)
        zone = (await self._ledger.info(e.ledger)).time_zone
        contracts: defaultdict[str, list[str]] = defaultdict(list)
        for contract_id, entity_id in found:
            contracts[entity_id].append(contract_id)
        for entity_id, own_contracts in contracts.items():
            elsewhere = await self._ledger.zone_of(e.ledger, entity_id) or zone
            own, opened = (day_elsewhere(each, zone, elsewhere) for each in (day, e.data.day))
            known, position = await self._books(e.ledger, own_contracts, own)
            for book in known:
                await self._deadlines(e, own, book, position)
                await self._stops(e, own, opened, book, position)

    async def _books(
        self, ledger: str, contracts: Sequence[str], day: date, position: int | None = None
    ) -> tuple[list[InsuredBook], int]:
        """Return the books of contracts on a day at a position, or at that of the figures now."""
        async with self._db.snapshot("credit", ledger) as (conn, schema, latest):
            seen = latest if position is None else position
            return await books(Moment(conn, schema, day, seen), contracts), seen

    async def _deadlines(self, e: Recorded, today: date, book: InsuredBook, position: int) -> None:
        for each in near(book, today):
            if each.facts.alerted_for != each.last_day:
                # A last day that moves back is alerted again: the earlier alert for it is not the latest.
                subject = f"{each.deadline_id} {each.last_day} {each.facts.alerted_on}"
                alerted = AlertDeadline(each, position)
                await perform(self._ledger, e, today, subject, insurance.alert_deadline, alerted, once="")
            if is_missed(each, today):
                missed = MissDeadline(each, position)
                await perform(
                    self._ledger, e, today, each.deadline_id, insurance.miss_deadline, missed, once=""
                )

    async def _stops(self, e: Recorded, today: date, opened: date, book: InsuredBook, position: int) -> None:
        contract_id = book.contract.insurance_contract_id

        async def then(day: date) -> Sequence[InsuredBook]:
            return (await self._books(e.ledger, [contract_id], day, position))[0]

        for each, command in stops_and_ends(book, today, opened):
            from_on = command.from_on
            if isinstance(command, ResumeCover):
                from_on = await free_since(each, today, last_stopped(book, each), then)
                if from_on is None:
                    continue
            found = found_on(command, from_on, today, position)
            await perform(self._ledger, e, today, each.content.cover_id, insurance.change_cover, found)
