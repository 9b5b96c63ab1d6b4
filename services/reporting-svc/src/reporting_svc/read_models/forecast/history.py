"""Debts that were ever owed with their funds, in columns: from the states of debts, or settled one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from encours.reading.where import Arguments
from reporting_svc.domain.forecast.debts import Ints, PaidDebt, PaidDebts
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.delays.states import PACKED_FROM, states_ctes
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View

_FUND = np.dtype([("day", ">i4"), ("minor", ">i8")])
_HEAD = 20
"""Bytes before the elements of an array as PostgreSQL sends it; each has its length before it."""
_COLUMNS = {"issued_on": ">i4", "due_on": ">i4", "owed_minor": ">i8", "times": ">i8", "payments": ">i4"}
_ONE_FUND = "settled_on is not null"


async def paid_debts(view: View, scope: Scope, segments: Mapping[str, str]) -> PaidDebts:
    """Return the debts of a scope by their debtors. One currency."""
    if not (await chain_for(view, scope, "debt")).added:
        return _settled((await covered_debts(view, scope)).outcomes, segments)
    rows = await _packed(view, scope)
    apart = [row["customer_id"] for row in rows if row["debts"] is None]
    covered = await covered_debts(view, scope, apart)
    stated = _stated([row for row in rows if row["debts"] is not None], segments)
    return stated.joined(_settled(covered.outcomes, segments))


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


async def _packed(view: View, scope: Scope) -> Sequence[Any]:
    """Return a row of columns for each customer, and one without for those that are settled one by one.

    A million debts as so many rows would take seconds to read.
    """
    args = Arguments()
    states = states_ctes(await counted(args, view, scope, "debt"), "not is_penalty and owed_minor > 0")
    columns = ", ".join(f"array_send(array_agg({name}))" for name in _COLUMNS)
    found: Sequence[Any] = await view.conn.fetch(
        f"""with {states}
            select customer_id, array[{columns}] as debts,
                   string_agg(coalesce(funds, case when {_ONE_FUND} then date_send(settled_on) || int8send(owed_minor)
                                              else ''::bytea end), ''::bytea) as funds
            from (
                select customer_id, issued_on, due_on, owed_minor, settled_on, funds, sum(times)::bigint as times,
                       coalesce(length(funds) / {_FUND.itemsize}, ({_ONE_FUND})::int) as payments
                from debts group by 1, 2, 3, 4, 5, 6 having sum(times) <> 0
            ) net group by customer_id
            union all select customer_id, null, null from unsettled""",
        *args,
    )
    return found


def _stated(rows: Sequence[Any], segments: Mapping[str, str]) -> PaidDebts:
    parts = [row["debts"] for row in rows]
    issued, due, owed, times, payments = (
        _column([each[n] for each in parts], kind) for n, kind in enumerate(_COLUMNS.values())
    )
    counts = [(len(each[0]) - _HEAD) // 8 for each in parts]
    debtors = [CUSTOMER_ID.unpack(row["customer_id"]) or "" for row in rows]
    own = [segments.get(each, "") for each in debtors]
    names = sorted(set(own))
    place = {name: n for n, name in enumerate(names)}
    funds = np.frombuffer(b"".join(row["funds"] for row in rows), _FUND)
    found = PaidDebts(
        debtors=debtors,
        segments=names,
        debtor=np.repeat(np.arange(len(rows)), counts),
        segment=np.repeat(np.array([place[each] for each in own], np.int64), counts),
        issued=issued + PACKED_FROM,
        due=due + PACKED_FROM,
        owed=owed,
        fund_ends=np.cumsum(payments),
        fund_day=funds["day"].astype(np.int64) + PACKED_FROM,
        fund_minor=funds["minor"].astype(np.int64),
    )
    return found.take(np.repeat(np.arange(len(times)), times)) if times.any() and times.max() > 1 else found


def _column(parts: Sequence[bytes], kind: str) -> Ints:
    """Return the elements of arrays, each behind its length."""
    values = b"".join(part[_HEAD:] for part in parts)
    return np.frombuffer(values, np.dtype([("length", ">i4"), ("value", kind)]))["value"].astype(np.int64)
