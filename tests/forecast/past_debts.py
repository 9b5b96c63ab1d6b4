"""Debts with their payments of two histories: a real file that is not shipped, and the demo year.

The file has one payment for each invoice. In the demo, payments cover the oldest due invoices first, credit notes
reduce what was owed, and a payment that came undone is left out.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from random import Random

from encours.contracts.settlement import Funds, InvoiceDebt, settlements
from encours.demo.model import CURRENCY, SEED, Year, customer, one_year
from encours.demo.source import RetailInvoice, retail_invoices
from encours.kernel.money import parse_amount
from encours.kernel.terms import due_date
from reporting_svc.domain.forecast.debts import PaidDebt
from tests.score.ibm import FILE

IBM_END, DEMO_END = date(2013, 12, 2), date(2011, 12, 9)
"""Last day of issue: later forecasts would have no debts."""
DEMO_UNTIL = date(2011, 12, 31)


def ibm_debts() -> list[PaidDebt]:
    """Return the invoices of the file; the country stands for the segment."""
    with FILE.open(encoding="utf-8") as opened:
        return [_ibm_debt(row) for row in csv.DictReader(opened)]


def _ibm_debt(row: dict[str, str]) -> PaidDebt:
    issued, due, settled = (
        datetime.strptime(row[name], "%m/%d/%Y").replace(tzinfo=UTC).date().toordinal()
        for name in ("InvoiceDate", "DueDate", "SettledDate")
    )
    minor = round(float(row["InvoiceAmount"]) * 100)
    return PaidDebt(row["customerID"], row["countryCode"], issued, due, minor, ((settled, minor),))


def demo_debts() -> list[PaidDebt]:
    """Return the invoices of the demo with what covers them by its last day."""
    by_customer: dict[str, list[RetailInvoice]] = {}
    for invoice in retail_invoices():
        by_customer.setdefault(invoice.customer, []).append(invoice)
    return [debt for ref, own in by_customer.items() for debt in _demo_debts(ref, own)]


def _demo_debts(ref: str, invoices: list[RetailInvoice]) -> list[PaidDebt]:
    rng = Random(f"{SEED}:{ref}")
    who = customer(rng, ref, len(invoices))
    lines = [line for _, line in one_year(Year(rng, who, DEMO_UNTIL), invoices)]
    undone = {line["reference"] for line in lines if line["kind"] == "payment_reversed"}
    credited: dict[str, int] = {}
    funds = []
    for line in lines:
        if line["kind"] == "credit_note":
            number = line["invoice"]
            credited[number] = credited.get(number, 0) + parse_amount(line["amount"], CURRENCY)
        elif line["kind"] == "payment" and line["reference"] not in undone:
            received = date.fromisoformat(line["received_on"])
            funds.append(Funds(received, parse_amount(line["amount"], CURRENCY)))
    debts = {
        each.number: InvoiceDebt(
            each.number,
            due_date(each.issued_on, who.rule),
            each.total_minor - credited.get(each.number, 0),
        )
        for each in invoices
    }
    found = settlements(debts.values(), sorted(funds, key=lambda each: each.available_on))
    return [
        PaidDebt(
            ref, "", each.issued_on.toordinal(), debts[each.number].due_on.toordinal(), debts[each.number].owed_minor,
            tuple((part.available_on.toordinal(), part.amount_minor) for part in found[each.number].funds),
        )
        for each in invoices
        if debts[each.number].owed_minor > 0
    ]  # fmt: skip
