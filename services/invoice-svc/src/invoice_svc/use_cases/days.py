"""The reactions of the service: to the opening of a day, and to terms that risk-svc proposed."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.execute import execute
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from invoice_svc.use_cases.money.instrument_days import SettleInstruments
from invoice_svc.use_cases.money.plan_days import JudgePlans
from invoice_svc.use_cases.opened_day import TRANSIENT, log, meta_of_day
from invoice_svc.use_cases.parties.risk_terms import follow_terms
from invoice_svc.use_cases.parties.statement_days import DecideStatements
from invoice_svc.use_cases.sales.dispute_days import AlertOfDeadlines
from invoice_svc.use_cases.sales.recurring_days import BillRecurring


class InvoicingReactions(Reactor):
    """Does the work of a day: instruments, payment plans, recurring invoices, deadlines, statements.

    Between days it agrees terms that a customer has accepted because of its risk, and ends them.
    """

    types = frozenset({DayOpened.TYPE, RiskTermsAnswered.TYPE, RiskTermsWithdrawn.TYPE})

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        kinds = (SettleInstruments, JudgePlans, BillRecurring, AlertOfDeadlines, DecideStatements)
        self._ledger = ledger
        self._works = [kind(ledger, db) for kind in kinds]

    async def react(self, e: Recorded) -> None:
        """Do the work of the day, each kind after the other. A repetition finds it done."""
        if not isinstance(e.data, DayOpened):
            await self._follow(e)
            return
        for work in self._works:
            await work.run(e)

    async def _follow(self, e: Recorded) -> None:
        assert isinstance(e.data, RiskTermsAnswered | RiskTermsWithdrawn)
        if not e.data.accepted:
            return
        proposed = next(
            each.data
            for each in await self._ledger.read_stream(e.ledger, e.stream, upto=e.position)
            if isinstance(each.data, RiskTermsProposed)
            and each.data.proposal_number == e.data.proposal_number
        )
        meta = meta_of_day(e, e.effective_on, "risk_terms")
        try:
            await execute(self._ledger, meta, follow_terms, e.data, proposed)
        except TRANSIENT:
            raise
        except DomainError as refusal:
            log.warning("terms not followed", id=e.data.customer_id, error=str(refusal))
