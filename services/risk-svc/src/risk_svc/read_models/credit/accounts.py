"""Accounts of customers, from sums of their movements: items with their settlement, and unapplied cash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from encours.contracts.books import contested_of, planned_of
from encours.contracts.common import Instalment
from encours.contracts.instalments import divided, ranges_of
from encours.contracts.parties import Survivors
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Settlement, settlements
from risk_svc.domain.exposure import ExposureItem, ExposurePart

Sums = Mapping[str, Any]
"""A record of the database."""


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """One customer in one currency."""

    items: tuple[ExposureItem, ...]
    unapplied_minor: int


def accounts_of(
    items: Iterable[Sums], funds: Iterable[Sums], schedules: Iterable[Sums], merged: Survivors
) -> dict[str, dict[str, CustomerAccount]]:
    """Return the accounts by debtor and currency; a debtor has one for all its merged records.

    ``items`` are sums by invoice, in the order to show them in; ``funds`` are sums by invoice and payment, with the
    invoice ``''`` for what is unapplied; ``schedules`` are instalments in the order of their positions and dates.
    """
    agreed = _schedules(schedules)
    invoices: dict[tuple[str, str], list[Sums]] = {}
    for row in items:
        invoices.setdefault((merged.of(row["customer_id"]), row["currency"]), []).append(row)
    payments: dict[tuple[str, str], list[Sums]] = {}
    for row in funds:
        payments.setdefault((merged.of(row["customer_id"]), row["currency"]), []).append(row)
    found: dict[str, dict[str, CustomerAccount]] = {}
    for customer, currency in dict.fromkeys([*invoices, *payments]):
        key = customer, currency
        account = _account(invoices.get(key, []), payments.get(key, []), agreed)
        found.setdefault(customer, {})[currency] = account
    return found


Agreed = Mapping[str, Sequence[DueSchedule]]
"""Schedules by invoice, the one in force last."""


def _schedules(rows: Iterable[Sums]) -> Agreed:
    found: dict[str, list[DueSchedule]] = {}
    for (invoice_id, _, agreed_on), instalments in groupby(
        rows, key=itemgetter("invoice_id", "position", "effective_on")
    ):
        parts = (Instalment(due_on=row["due_on"], amount_minor=row["amount_minor"]) for row in instalments)
        found.setdefault(invoice_id, []).append(DueSchedule(agreed_on, tuple(parts)))
    return found


def _account(invoices: list[Sums], payments: list[Sums], agreed: Agreed) -> CustomerAccount:
    available: dict[str, date] = {}
    cash: dict[str, int] = {}
    for row in payments:
        payment = row["payment_id"]
        cash[payment] = cash.get(payment, 0) + row["unapplied_minor"]
        if row["available_on"] is not None:
            available[payment] = row["available_on"]
    applied: dict[str, list[Funds]] = {}
    for row in payments:
        if row["applied_minor"] > 0:
            part = Funds(available[row["payment_id"]], row["applied_minor"])
            applied.setdefault(row["invoice_id"], []).append(part)
    unapplied = [Funds(available[payment], minor) for payment, minor in cash.items() if minor > 0]
    debts = [
        _debt(row, tuple(applied.get(row["invoice_id"], ())), tuple(agreed.get(row["invoice_id"], ())))
        for row in invoices
    ]
    settled = settlements(debts, unapplied)
    return CustomerAccount(
        tuple(_item(row, debt, settled[debt.invoice_id]) for row, debt in zip(invoices, debts, strict=True)),
        sum(cash.values()),
    )


def _debt(row: Sums, applied: tuple[Funds, ...], schedules: tuple[DueSchedule, ...]) -> InvoiceDebt:
    paid = sum(part.amount_minor for part in applied)
    return InvoiceDebt(
        invoice_id=row["invoice_id"],
        due_on=row["due_on"],
        owed_minor=row["owed_minor"],
        contested_minor=row["disputed_minor"] - row["conceded_minor"],
        given_up_minor=row["owed_minor"] + row["conceded_minor"] - paid - row["open_minor"],
        applied=applied,
        schedules=schedules,
    )


def _item(row: Sums, debt: InvoiceDebt, settled: Settlement) -> ExposureItem:
    conceded = row["conceded_minor"]
    open_minor = max(0, row["open_minor"] - conceded)
    instalments = _instalments(debt, settled, open_minor)
    unpaid = next((part for part in instalments if part.open_minor > 0), None)
    disputed = contested_of(open_minor, row["disputed_minor"] - conceded)
    return ExposureItem(
        invoice_id=row["invoice_id"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=(unpaid or instalments[-1]).due_on if instalments else row["due_on"],
        total_minor=row["total_minor"],
        open_minor=open_minor,
        disputed_minor=disputed,
        uncovered_minor=settled.uncovered_minor,
        settled_on=settled.settled_on,
        moved_on=row["moved_on"],
        is_penalty=row["is_penalty"],
        instalments=instalments,
        delay_before=_delay_before(settled),
        planned_minor=planned_of(open_minor - disputed, row["planned_minor"]),
    )


def _delay_before(settled: Settlement) -> int:
    if not settled.periods:
        return 0
    legs = (leg for period in settled.periods[1:] for leg in period.late_legs(period.last_day))
    return max(((leg.last_day - leg.due_on).days for leg in legs), default=0)


def _instalments(debt: InvoiceDebt, settled: Settlement, open_minor: int) -> tuple[ExposurePart, ...]:
    if not debt.schedules:
        return ()
    ranges = ranges_of(debt.schedules[-1].instalments)
    opened = divided(ranges, debt.owed_minor - open_minor, debt.owed_minor)
    return tuple(
        ExposurePart(part.due_on, minor, part.uncovered_minor, part.settled_on)
        for part, minor in zip(settled.periods[0].parts, opened, strict=True)
    )
