"""The provision matrix of customers of the demo at three closings, held against the raw events: they lose money.

Their year is moved, so that defaulters, who pay nothing from the summer of 2011 on, have debts of more than a year.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from encours.demo.load import COLUMN_MAP
from encours.demo.model import COUNTRY, CURRENCY, SEED, customer, generate
from encours.demo.source import RetailInvoice, invoices_csv, retail_invoices
from encours.testing.system import System
from tests.e2e.provisions import closings_tie
from tests.e2e.takeover import NDJSON, Takeover, ndjson

LATER = timedelta(days=150)
UNTIL = date(2012, 12, 31)
DEFAULTERS, OTHERS, MOST_INVOICES = 8, 20, 12


def some_customers() -> list[RetailInvoice]:
    """Invoices of a few defaulters and of others, later than they were."""
    by_customer: dict[str, list[RetailInvoice]] = {}
    for invoice in retail_invoices():
        by_customer.setdefault(invoice.customer, []).append(invoice)
    left, found = {True: DEFAULTERS, False: OTHERS}, list[RetailInvoice]()
    for ref, own in by_customer.items():
        habit = customer(Random(f"{SEED}:{ref}"), ref, len(own)).habit
        if 2 <= len(own) <= MOST_INVOICES and left[habit == "defaulter"]:
            left[habit == "defaulter"] -= 1
            found += (replace(each, issued_on=each.issued_on + LATER) for each in own)
    return found


def test_the_matrix_of_the_demo_follows_from_its_events_and_has_losses(system: System) -> None:
    takeover = Takeover.into(system, "live")
    invoices = some_customers()
    lines = list(generate(invoices, UNTIL))
    first = {"entity", "customer"}
    options = {"currency": CURRENCY, "country": COUNTRY}
    parties, happened = (
        [each for each in lines if (each["kind"] in first) is early] for early in (True, False)
    )
    for body, media_type, more in (
        (ndjson(parties), NDJSON, {"file_name": "parties.ndjson"}),
        (invoices_csv(invoices), "text/csv", {"file_name": "invoices.csv", "map": COLUMN_MAP}),
        (ndjson(happened), NDJSON, {"file_name": "happened.ndjson"}),
    ):
        taken = takeover.take(body, media_type, **options, **more)
        assert (taken["state"], taken["rejected"]) == ("completed", 0), taken
    system.wait_caught_up(takeover.ledger)
    losses = closings_tie(takeover, "2012-06-30", "2012-08-31", "2012-12-31")
    assert min(losses) > 0
