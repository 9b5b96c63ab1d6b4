"""The filters of the list select what the axes and the labels of each invoice show, on every day.

Every combination of sums that can occur is compared: the conditions run in SQLite, which reads them as PostgreSQL does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from invoice_svc.domain.invoice.status import BusinessLabel, InvoiceBalance, Status, status
from invoice_svc.read_models.invoices.statuses import BUSINESS, CRM, STATUS, CrmLabel, InvoiceStatus

DUE = date(2026, 3, 31)
DAYS = [DUE + timedelta(days=days) for days in (-30, -1, 0, 1, 2, 400)]
TOTAL = 3
PROMISED = (None, DUE, DUE + timedelta(days=1))
_COLUMNS = (
    "document, payable_on, total_minor, credited_minor, paid_minor, outstanding_minor, disputed_minor, approval, "
    "planned_minor, in_hand_minor, promised_until"
)


def balances() -> Iterator[InvoiceBalance]:
    """Every split of 0 or 3 into credited, paid, written off and outstanding, with every disputed and planned part.

    Nothing, a part or more than all of it is covered by instruments in hand.
    """
    for document, total in product(("draft", "cancelled"), (0, TOTAL)):
        yield InvoiceBalance(document, None, total, 0, 0, 0, 0)
    for approval in ("submitted", "approved"):
        yield InvoiceBalance("draft", None, TOTAL, 0, 0, 0, 0, approval)
    for total, credited, paid, written_off, disputed in product((0, TOTAL), *[range(TOTAL + 1)] * 4):
        outstanding = total - credited - paid - written_off
        for planned, in_hand in product(range(TOTAL + 1), (0, 1, TOTAL + 1)):
            if outstanding >= 0:
                parts = (credited, paid, outstanding, disputed)
                for until in PROMISED if (planned, in_hand) == (0, 0) or disputed == 0 else PROMISED[:1]:
                    yield InvoiceBalance("issued", DUE, total, *parts, "none", planned, in_hand, until)


def naive(balance: InvoiceBalance, day: date) -> tuple[str, str, str, str, str]:
    """Document, settlement, collection, business label, CRM label, from the definitions in the service's README."""
    if balance.document != "issued":
        labels = (
            ("brouillon", "En attente non envoyée") if balance.document == "draft" else ("annulée", "Annulée")
        )
        waits = balance.document == "draft" and balance.approval != "none"
        return balance.approval if waits else balance.document, "open", "none", *labels
    credited, paid, left = balance.credited_minor, balance.paid_minor, balance.outstanding_minor
    document = (
        "issued" if not credited else "credited" if credited == balance.total_minor else "credited_in_part"
    )
    if not left:
        settlement = "written_off" if credited + paid < balance.total_minor else "paid"
        business = {"paid": "payée", "written_off": "irrécouvrable"}[settlement]
        crm = "Avoir" if document == "credited" else business.capitalize()
        return document, settlement, "none", business, crm
    settlement = "part_paid" if paid else "open"
    timing = "overdue" if day > DUE else "due" if day == DUE else "not_due"
    in_force = balance.promised_until is not None and balance.promised_until >= day
    apart = balance.disputed_minor + balance.planned_minor + balance.in_hand_minor
    collection = "in_hand" if apart >= left else "promised" if in_force else timing
    collection = "on_plan" if balance.disputed_minor + balance.planned_minor >= left else collection
    collection = "disputed" if balance.disputed_minor >= left else collection
    if timing == "overdue":
        return document, settlement, collection, "impayée", "Retard"
    crm = "Partiellement payée" if paid else "Avoir partiel" if credited else "En attente non envoyée"
    business = "en cours" if paid or credited or balance.disputed_minor else "émise"
    return document, settlement, collection, business, crm


def shown(found: Status) -> tuple[str, str, str, str, str]:
    crm = "Retard" if found.crm.startswith("Retard") else found.crm
    return found.document, found.settlement, found.collection, found.business, crm


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_axes_and_labels_are_those_of_the_definitions(day: date) -> None:
    for balance in balances():
        found = status(balance, day)
        assert shown(found) == naive(balance, day), balance
        late = (day - DUE).days if balance.outstanding_minor and day > DUE else 0
        assert found.days_past_due == late
        assert (f" {late} " in found.crm) == (late > 0 and found.crm.startswith("Retard"))
        assert (found.delivery, found.einvoice) == ("not_sent", "none")


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize(
    ("conditions", "at"),
    [(STATUS, (0, 1, 2)), (BUSINESS, (3,)), (CRM, (4,))],
    ids=["axes", "business", "crm"],
)
def test_a_filter_selects_the_invoices_that_show_its_value(
    conditions: Mapping[Any, str], at: tuple[int, ...], day: date
) -> None:
    known = list(balances())
    with sqlite3.connect(":memory:") as conn:
        conn.execute(f"create table listed (at, {_COLUMNS})")
        conn.executemany(
            f"insert into listed values ({', '.join('?' * 12)})",
            [
                (n, b.document, b.due_on and b.due_on.isoformat(), b.total_minor, b.credited_minor, b.paid_minor,
                 b.outstanding_minor, b.disputed_minor, b.approval,
                 b.planned_minor, b.in_hand_minor, b.promised_until and b.promised_until.isoformat())
                for n, b in enumerate(known)
            ],
        )  # fmt: skip
        for value, condition in conditions.items():
            rows = conn.execute(f"select at from listed where {condition.format(day=repr(day.isoformat()))}")
            expected = {
                n for n, b in enumerate(known) if value in {shown(status(b, day))[axis] for axis in at}
            }
            if value == "open":  # the axis says so of drafts too, which nobody looks for among open invoices
                expected = {n for n in expected if known[n].document == "issued"}
            assert {row[0] for row in rows} == expected, value


def test_every_value_has_a_filter() -> None:
    for values, conditions in ((InvoiceStatus, STATUS), (BusinessLabel, BUSINESS), (CrmLabel, CRM)):
        assert set(get_args(values)) == set(conditions)
