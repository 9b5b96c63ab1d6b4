"""States of debts at the dates of a question, in columns: those at the end of a chain of subtotals, with what the
question sees otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from encours.contracts.parties import Survivors
from encours.reading.where import Arguments
from reporting_svc.domain.columns import Flags, Ints
from reporting_svc.domain.measures.states import DebtAccount, DebtStates
from reporting_svc.read_models.debts.columns import (
    ACCOUNT_TABLE,
    AMOUNTS,
    FUND_BYTES,
    NO_DAY,
    PACKED_FROM,
    funds_key,
)
from reporting_svc.read_models.delays.query import Apart
from reporting_svc.read_models.delays.states import changed_states, packed_funds
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import ScopeWhere

if TYPE_CHECKING:
    from encours.projection.rows import Id
    from encours.reading.moment import View
    from reporting_svc.read_models.receivables.scope import Scope
    from reporting_svc.read_models.receivables.subtotals import Chain

StateDay = Literal["due_on", "issued_on", "settled_on"]
_FUND = np.dtype([("day", ">i4"), ("minor", ">i8")])
_ACCOUNT = np.dtype([("number", ">i4"), ("entity", "V16"), ("customer_id", "V16")])
_DAYS: tuple[StateDay, ...] = ("issued_on", "due_on", "settled_on")
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("account", *_DAYS, "payments"), ">i4"),
    "funds": _FUND,
    **dict.fromkeys((*AMOUNTS, "funds_key"), ">i8"),
    "is_penalty": "?",
    "invoice_id": "V16",
}
_STATE = ("account", *_DAYS, "is_penalty", *AMOUNTS)
_OF_FUNDS = ("payments", "funds_key", "funds")
_INVOICES = ("invoice_id",)
_ALWAYS = np.iinfo(np.int64).max
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StatesSince:
    """States that a question needs: those of debts of which one of the days is not before a day, and unsettled ones."""

    day: date
    of: tuple[StateDay, ...]

    def chunks(self, args: Arguments) -> str:
        """SQL: the rows of columns that have such states."""
        day = args.add(self.day)
        return " or ".join(["is_unsettled", *(f"last_{each} >= {day}::date" for each in self.of)])

    def kept(self, columns: Columns) -> Flags:
        """Return which states of settled debts these are."""
        first = self.day.toordinal() - PACKED_FROM
        late: Flags = np.logical_or.reduce([columns[each] >= first for each in self.of])
        return late


@dataclass(frozen=True, eq=False)
class StateFunds:
    """Funds of debts one after the other, how many each debt has, and a key that is equal where they are."""

    payments: Ints
    key: Ints
    day: Ints
    minor: Ints


@dataclass(frozen=True, eq=False)
class StatedDebts:
    """Debts with a state, and the customers and invoices whose debts have none."""

    states: DebtStates
    funds: StateFunds | None
    invoices: NDArray[np.void] | None
    apart: Apart


async def debt_states(
    view: View, scope: Scope, since: StatesSince | None, *, of_funds: bool = False, of_invoices: bool = False
) -> StatedDebts:
    """Return the states of a scope, all or some, those at the end of a chain apart from later ones. One currency."""
    args = Arguments()
    sums = await counted(args, view, scope, "debt")
    changed, apart = await changed_states(sums)
    accounts = await _accounts(view, scope)
    names = (*_STATE, *(_OF_FUNDS if of_funds else ()), *(_INVOICES if of_invoices else ()))
    named = tuple(dict.fromkeys((*names, *(_INVOICES if apart.since else ()))))
    # First of all, as it gives a place to the accounts that have no number yet.
    changes = _of_changes(changed, accounts, named)
    stated_before = accounts.stated_before(apart)
    parts, unstated = list[Columns](), list[NDArray[np.void]]()

    def add(columns: Columns, needed: Flags | None) -> None:
        states, others = _divided(columns, stated_before)
        if apart.since:
            unstated.append(columns["invoice_id"][others])
        parts.append(
            _where({name: columns[name] for name in names}, states if needed is None else states & needed)
        )

    add(changes, None)
    for row in await _chunks(view, sums.chain, since, apart, named):
        columns = _of_chunk(row, named)
        columns["account"] = accounts.place[columns["account"]]
        add(columns, None if since is None or row["is_unsettled"] else since.kept(columns))
    columns = {name: _joined(name, [part[name] for part in parts]) for name in names}
    ids = {each for part in unstated for each in _digits(part)}
    return StatedDebts(
        _states(accounts.debtors(scope.merged), columns),
        _funds(columns) if of_funds else None,
        columns["invoice_id"] if of_invoices else None,
        replace(apart, invoices=[UUID(each) for each in ids]),
    )


async def _chunks(
    view: View, chain: Chain, since: StatesSince | None, apart: Apart, names: Sequence[str]
) -> Sequence[Any]:
    args = Arguments()
    wanted = "true"
    if since is not None:
        first = min(apart.since.values(), default=date.max)
        wanted = f"{since.chunks(args)} or last_settled_on >= {args.add(first)}::date"
    parts = [
        f"""select {sign}1 as sign, is_unsettled, debts, {", ".join(names)}
            from {view.schema}.subtotal_{part.part}_column where {wanted}"""
        for sign, part in chain.signed
    ]
    rows: Sequence[Any] = await view.conn.fetch(" union all ".join(parts), *args)
    return rows


def _of_chunk(row: Any, names: Sequence[str]) -> Columns:
    columns: Columns = {}
    for name in names:
        usual = row["sign"] if name == "times" else 0
        if row[name] is None:
            columns[name] = np.broadcast_to(np.int64(usual), row["debts"])
        else:
            columns[name] = np.frombuffer(row[name], _KINDS[name])
            if usual < 0:
                columns[name] = -columns[name]
    return columns


def _divided(columns: Columns, stated_before: Ints) -> tuple[Flags, Flags]:
    """Return which states count, those in scope without what spare funds may cover otherwise, and which do not."""
    own: Flags = columns["account"] >= 0
    before = stated_before[columns["account"]]
    settled, beside = columns["settled_on"], columns["conceded_minor"] | columns["given_up_minor"]
    alone = (before == _ALWAYS) | ((settled != NO_DAY) & (settled < before) & (beside == 0))
    return own & alone, own & ~alone


def _where(columns: Columns, kept: Flags) -> Columns:
    if kept.all():
        return columns
    of_funds = {"funds": np.repeat(kept, columns["payments"])} if "funds" in columns else {}
    count = np.count_nonzero(kept)
    return {
        name: values[:count] if _is_alike(values) else values[of_funds.get(name, kept)]
        for name, values in columns.items()
    }


def _is_alike(values: NDArray[Any]) -> bool:
    """Return true of a column that has one value in memory for all."""
    return len(values) > 1 and values.strides == (0,)


def _joined(name: str, parts: Sequence[NDArray[Any]]) -> Any:
    """Return a column as the machine reads it. What nothing is written to, as most columns are 0, takes no memory."""
    kind = np.dtype(_KINDS[name])
    found = np.zeros(sum(map(len, parts)), np.int64 if kind.kind == "i" else kind)
    end = 0
    for part in parts:
        begin, end = end, end + len(part)
        if not (_is_alike(part) and part[0] == 0):
            found[begin:end] = part
    return found


def _of_changes(rows: Sequence[Any], accounts: _Accounts, names: Sequence[str]) -> Columns:
    """Return the columns of states that the question sees otherwise than the end of the chain."""
    own: dict[str, list[Any]] = {
        "account": [accounts.of(row["entity"], row["customer_id"]) for row in rows],
        "is_penalty": [row["is_penalty"] for row in rows],
        **{name: [row[name] or 0 for row in rows] for name in AMOUNTS},
        **{
            name: [NO_DAY if row[name] is None else row[name].toordinal() - PACKED_FROM for row in rows]
            for name in _DAYS
        },
    }
    columns: Columns = {name: np.array(values, np.int64) for name, values in own.items()}
    if "invoice_id" in names:
        columns["invoice_id"] = np.frombuffer(
            b"".join(row["invoice_id"].bytes for row in rows), _KINDS["invoice_id"]
        )
    if "funds" in names:
        funds = [packed_funds(row) for row in rows]
        columns["payments"] = np.array([len(each) // FUND_BYTES for each in funds], np.int64)
        columns["funds_key"] = np.array([funds_key(each) for each in funds], np.int64)
        columns["funds"] = np.frombuffer(b"".join(funds), _FUND)
    return columns


def _states(accounts: Sequence[DebtAccount], columns: Columns) -> DebtStates:
    is_open = columns["settled_on"] == NO_DAY
    for each in _DAYS:
        columns[each] += PACKED_FROM
    columns["settled_on"][is_open] = 0
    return DebtStates(
        accounts=accounts,
        account=columns["account"],
        issued=columns["issued_on"],
        due=columns["due_on"],
        settled=columns["settled_on"],
        is_penalty=columns["is_penalty"],
        owed=columns["owed_minor"],
        uncovered=columns["uncovered_minor"],
        unpaid_90=columns["unpaid_90_minor"],
        conceded=columns["conceded_minor"],
        given_up=columns["given_up_minor"],
        times=columns["times"],
    )


def _funds(columns: Columns) -> StateFunds:
    return StateFunds(
        payments=columns["payments"],
        key=columns["funds_key"],
        day=columns["funds"]["day"].astype(np.int64) + PACKED_FROM,
        minor=columns["funds"]["minor"].astype(np.int64),
    )


class _Accounts:
    """Accounts of a question: the places of those that have numbers, and of others as they come."""

    def __init__(self, last: int, numbered: bytes) -> None:
        table = np.frombuffer(numbered, _ACCOUNT)
        self.place = np.full(last + 1, -1)
        self.place[table["number"]] = np.arange(len(table))
        self._digits = list(zip(_digits(table["entity"]), _digits(table["customer_id"]), strict=True))
        self._places = {digits: place for place, digits in enumerate(self._digits)}

    def stated_before(self, apart: Apart) -> Ints:
        """Return the day for each account, and for those out of scope, before which settled debts have a state."""
        days = {
            CUSTOMER_ID.pack(customer_id): day.toordinal() - PACKED_FROM
            for customer_id, day in apart.since.items()
        }
        return np.array([*(days.get(customer, _ALWAYS) for _, customer in self._digits), _ALWAYS], np.int64)

    def of(self, entity: UUID, customer: UUID) -> int:
        """Return the place of an account that counts."""
        digits = entity.hex, customer.hex
        place = self._places.get(digits)
        if place is None:
            place = self._places[digits] = len(self._digits)
            self._digits.append(digits)
        return place

    def debtors(self, merged: Survivors) -> list[DebtAccount]:
        """Return the accounts in the order of their places, merged records as their survivor."""
        entities = {entity: _named(ENTITY_ID, entity) for entity in {each for each, _ in self._digits}}
        return [
            DebtAccount(entities[entity], merged.of(_named(CUSTOMER_ID, customer)))
            for entity, customer in self._digits
        ]


def _digits(packed: NDArray[np.void]) -> list[str]:
    digits = packed.tobytes().hex()
    return [digits[at : at + 32] for at in range(0, len(digits), 32)]


def _named(kind: Id, digits: str) -> str:
    return f"{kind.prefix}_{digits}" if digits.strip("0") else ""


async def _accounts(view: View, scope: Scope) -> _Accounts:
    where = ScopeWhere(view, scope, "m", packed=True)
    table = f"{view.schema}.{ACCOUNT_TABLE}"
    row = await view.conn.fetchrow(
        f"""select (select max(number) from {table}),
                   string_agg(int4send(number) || uuid_send(entity) || uuid_send(customer_id), ''::bytea)
            from {table} m where {where.sql}""",
        *where.arguments,
    )
    assert row is not None
    return _Accounts(row[0] or 0, row[1] or b"")
