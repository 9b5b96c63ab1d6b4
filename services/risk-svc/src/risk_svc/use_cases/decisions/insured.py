"""Stops of cover and deadlines of credit insurance, taken again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.insurance import InsuranceDeadlineMissed
from encours.contracts.insured.claims import InsuredBook
from risk_svc.domain.insurance.cover import ResumeCover
from risk_svc.domain.insurance.work import found_on, is_missed, last_stopped, near, stops_and_ends
from risk_svc.domain.reperform import DeadlineStep, DecisionAgain, StopStep, deadline_again, stop_again
from risk_svc.read_models.insurance.query import books, granted_contracts
from risk_svc.use_cases.decisions.past import LedgerPast
from risk_svc.use_cases.insurance import COVER, DEADLINE
from risk_svc.use_cases.insurance_days import free_since


async def stopped_then(
    past: LedgerPast, e: Recorded, stored: StopStep, earlier: Sequence[Recorded]
) -> DecisionAgain | None:
    """Stop a cover or end its stop again; ``None`` where the position of the figures was not kept yet."""
    position = stored.seen_position
    if position is None:
        return None
    today = stored.judged_on or e.effective_on

    async def then(day: date) -> Sequence[InsuredBook]:
        moment = past.moment(day, position)
        return await books(moment, [stored.insurance_contract_id], [stored.customer_id])

    found = None
    for book in await then(today):
        for each, command in stops_and_ends(book, today, e.effective_on):
            if each.content.cover_id == stored.cover_id:
                from_on = command.from_on
                if isinstance(command, ResumeCover):
                    from_on = await free_since(each, today, last_stopped(book, each), then)
                found = found_on(command, from_on, today, position)
    return stop_again(stored, COVER.fold(earlier), found, e.effective_on)


async def due_then(
    past: LedgerPast, e: Recorded, stored: DeadlineStep, earlier: Sequence[Recorded]
) -> DecisionAgain | None:
    """Alert a deadline, or record that it has passed, again; ``None`` as for stops of cover."""
    if stored.seen_position is None:
        return None
    today, moment = e.effective_on, past.moment(e.effective_on, stored.seen_position)
    debtors = [] if stored.customer_id is None else [stored.customer_id]
    contracts = await granted_contracts(past.conn, past.schema, (e.entity,))
    found = None
    for book in await books(moment, contracts, debtors):
        if book.contract.insurance_contract_id != stored.insurance_contract_id:
            continue
        for each in near(book, today):
            missed = is_missed(each, today) or not isinstance(stored, InsuranceDeadlineMissed)
            if each.deadline_id == stored.deadline_id and missed:
                found = each
    return deadline_again(stored, DEADLINE.fold(earlier), found)
