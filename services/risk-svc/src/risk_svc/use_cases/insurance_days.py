"""Work of a day on insurance contracts: deadlines that are near or have passed, covers that stop and resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.insured.claims import InsuredBook
from encours.contracts.insured.covers import InsuranceCover
from encours.contracts.insured.share import stop_of
from encours.ledger import Ledger
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from risk_svc.domain.insurance.cover import ResumeCover
from risk_svc.domain.insurance.deadline import AlertDeadline, MissDeadline
from risk_svc.domain.insurance.work import is_missed, near, stops_and_ends
from risk_svc.read_models.insurance.query import Moment, books, contract_ids
from risk_svc.use_cases import insurance
from risk_svc.use_cases.reacting import perform


async def free_since(
    cover: InsuranceCover, today: date, books_on: Callable[[date], Awaitable[Sequence[InsuredBook]]]
) -> date:
    """Return the first day from which on no debt stops a cover that none stops today, by what is known now."""
    since, first = today, cover.stops[-1].from_on
    while since > first:
        before = since - timedelta(days=1)
        known = await books_on(before)
        if any(stop_of(book, cover.content.customer_id, before) is not None for book in known):
            return since
        since = before
    return since


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
        for contract_id, entity_id in found:
            elsewhere = await self._ledger.zone_of(e.ledger, entity_id) or zone
            own, opened = (day_elsewhere(each, zone, elsewhere) for each in (day, e.data.day))
            for book in await self._books(e.ledger, contract_id, own):
                await self._deadlines(e, own, book)
                await self._stops(e, own, opened, book)

    async def _books(self, ledger: str, contract_id: str, day: date) -> list[InsuredBook]:
        async with self._db.snapshot("credit", ledger) as (conn, schema, position):
            return await books(Moment(conn, schema, day, position), [contract_id])

    async def _deadlines(self, e: Recorded, today: date, book: InsuredBook) -> None:
        for each in near(book, today):
            if each.facts.alerted_for != each.last_day:
                subject = f"{each.deadline_id} {each.last_day}"
                await perform(
                    self._ledger, e, today, subject, insurance.alert_deadline, AlertDeadline(each), once=""
                )
            if is_missed(each, today):
                await perform(
                    self._ledger,
                    e,
                    today,
                    each.deadline_id,
                    insurance.miss_deadline,
                    MissDeadline(each),
                    once="",
                )

    async def _stops(self, e: Recorded, today: date, opened: date, book: InsuredBook) -> None:
        for each, command in stops_and_ends(book, today, opened):
            if isinstance(command, ResumeCover):
                then = partial(self._books, e.ledger, book.contract.insurance_contract_id)
                command = replace(command, from_on=await free_since(each, today, then))
            await perform(self._ledger, e, today, each.content.cover_id, insurance.change_cover, command)
