"""Debts that were ever owed with their funds, in columns: from the states of debts, or settled one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from reporting_svc.domain.forecast.debts import PaidDebt, PaidDebts
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.domain.measures.states import net
from reporting_svc.read_models.delays.columns import StatedDebts, debt_states
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.receivables.scope import Scope


async def paid_debts(view: View, scope: Scope, segments: Mapping[str, str]) -> PaidDebts:
    """Return the debts of a scope by their debtors. One currency."""
    if not (await chain_for(view, scope, "debt")).added:
        return _settled((await covered_debts(view, scope)).outcomes, segments)
    stated = await debt_states(view, scope, None, of_funds=True)
    covered = await covered_debts(view, scope, stated.apart)
    # Apart from the event loop: other requests go on while a million debts are sorted.
    return await asyncio.to_thread(_stated, stated, _settled(covered.outcomes, segments), segments)


def _settled(outcomes: Iterable[DueOutcome], segments: Mapping[str, str]) -> PaidDebts:
    return PaidDebts.of(
        PaidDebt(
            each.customer_id,
            segments.get(each.customer_id, ""),
            each.issued_on.toordinal(),
            each.due_on.toordinal(),
            each.owed_minor,
            tuple((part.available_on.toordinal(), part.amount_minor) for part in each.funds),
        )
        for each in outcomes
    )


def _stated(found: StatedDebts, others: PaidDebts, segments: Mapping[str, str]) -> PaidDebts:
    states, funds = found.states, found.funds
    assert funds is not None
    debtors = sorted({each.customer_id for each in states.accounts})
    own = [segments.get(each, "") for each in debtors]
    names = sorted(set(own))
    debtor_at, segment_at = ({name: place for place, name in enumerate(each)} for each in (debtors, names))
    of_account = np.array([debtor_at[each.customer_id] for each in states.accounts], np.int64)
    debtor = of_account[states.account]
    every = PaidDebts(
        debtors=debtors,
        segments=names,
        debtor=debtor,
        segment=np.array([segment_at[each] for each in own], np.int64)[debtor],
        issued=states.issued,
        due=states.due,
        owed=states.owed,
        fund_ends=np.cumsum(funds.payments),
        fund_day=funds.day,
        fund_minor=funds.minor,
    )
    times = np.where(states.is_debt, states.times, 0)
    times = net(times, [debtor, states.issued, states.due, states.owed, funds.key])
    return every.joined(others).by_debtor(np.concatenate([times, np.ones(len(others.owed), np.int64)]))
