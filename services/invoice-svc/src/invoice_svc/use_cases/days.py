"""The reaction of the service to the opening of a day."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.ledger import Ledger
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from invoice_svc.use_cases.money.instrument_days import SettleInstruments
from invoice_svc.use_cases.money.plan_days import JudgePlans
from invoice_svc.use_cases.parties.statement_days import DecideStatements
from invoice_svc.use_cases.sales.dispute_days import AlertOfDeadlines
from invoice_svc.use_cases.sales.recurring_days import BillRecurring


class BeginDay(Reactor):
    """Does the work of a day: instruments, payment plans, recurring invoices, deadlines, statements."""

    types = frozenset({DayOpened.TYPE})

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        kinds = (SettleInstruments, JudgePlans, BillRecurring, AlertOfDeadlines, DecideStatements)
        self._works = [kind(ledger, db) for kind in kinds]

    async def react(self, e: Recorded) -> None:
        """Do the work of the day, each kind after the other. A repetition finds it done."""
        for work in self._works:
            await work.run(e)
