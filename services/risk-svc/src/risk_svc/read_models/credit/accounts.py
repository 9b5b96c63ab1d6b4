"""Accounts of customers, from sums of their movements: items with their settlement, and unapplied cash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.contracts.books import contested_of
from encours.contracts.parties import Survivors
from encours.contracts.settlement import Funds, InvoiceDebt, Settlement, settlements
from risk_svc.domain.exposure import ExposureItem

Sums = Mapping[str, Any]
"""A record of the database."""


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """One customer in one currency."""

    items: tuple[ExposureItem, ...]
    unapplied_minor: int


def accounts_of(
    items: Iterable[Sums], funds: Iterable[Sums], merged: Survivors
) -> dict[str, dict[str, CustomerAccount]]:
    """Return the accounts by debtor and currency; a debtor has one for all its merged records.

    ``items`` are sums by invoice, in the order to show them in; ``funds`` are sums by invoice and payment, with the
    invoice ``''`` for what is unapplied.
    """
    invoices: dict[tuple[str, str], list[Sums]] = {}
    for row in items:
        invoices.setdefault((merged.of(row["customer_id"]), row["currency"]), []).append(row)
    payments: dict[tuple[str, str], list[Sums]] = {}
    for row in funds:
        payments.setdefault((merged.of(row["customer_id"]), row["currency"]), []).append(row)
    found: dict[str, dict[str, CustomerAccount]] = {}
    for customer, currency in dict.fromkeys([*invoices, *payments]):
        key = customer, currency
        found.setdefault(customer, {})[currency] = _account(invoices.get(key, []), payments.get(key, []))
    return found


def _account(invoices: list[Sums], payments: list[Sums]) -> CustomerAccount:
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
    settled = settlements(
        (_debt(row, tuple(applied.get(row["invoice_id"], ()))) for row in invoices), unapplied
    )
    return CustomerAccount(
        tuple(_item(row, settled[row["invoice_id"]]) for row in invoices), sum(cash.values())
    )


def _debt(row: Sums, applied: tuple[Funds, ...]) -> InvoiceDebt:
    paid = sum(part.amount_minor for part in applied)
    return InvoiceDebt(
        invoice_id=row["invoice_id"],
        due_on=row["due_on"],
        owed_minor=row["owed_minor"],
        contested_minor=row["disputed_minor"] - row["conceded_minor"],
        given_up_minor=row["owed_minor"] + row["conceded_minor"] - paid - row["open_minor"],
        applied=applied,
    )


def _item(row: Sums, settled: Settlement) -> ExposureItem:
    conceded = row["conceded_minor"]
    open_minor = max(0, row["open_minor"] - conceded)
    return ExposureItem(
        invoice_id=row["invoice_id"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        total_minor=row["total_minor"],
        open_minor=open_minor,
        disputed_minor=contested_of(open_minor, row["disputed_minor"] - conceded),
        uncovered_minor=settled.uncovered_minor,
        settled_on=settled.settled_on,
        moved_on=row["moved_on"],
        is_penalty=row["is_penalty"],
    )
