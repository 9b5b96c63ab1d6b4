"""Each currency of a debtor has its own case: a letter never adds two, nor takes one off the other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.past import MemoryRows
from encours.contracts import Event
from encours.contracts.common import Conversion
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.testing.events import applied, event, issued, received, unapplied
from encours.testing.history import happened

DUE = date(2026, 4, 10)
DAY = DUE + timedelta(days=3)
ADDRESS: dict[str, Any] = {"customer_id": "cus_1", "entity_id": "ent_1"}
PAID = event(Conversion, currency="EUR", amount_minor=11_400)
STORY = (
    event(EntityRegistered, entity_id="ent_1"),
    event(CustomerRegistered, email="compta@example.com", **ADDRESS),
    issued(12_000, invoice_id="inv_1", currency="USD", due_on=DUE),
    issued(5_000, invoice_id="inv_2", currency="EUR", due_on=DUE),
    received(12_000, currency="EUR"),
)


def decided(*events: Event) -> dict[str, Decision | None]:
    rows = MemoryRows()
    for each in happened(*STORY, *events):
        project(each, rows)
    found = {}
    for currency in ("EUR", "USD"):
        case = rows.case(("cus_1", "ent_1", currency), DAY)
        assert case is not None
        found[currency] = decide_customer(case, DAY, DEFAULT_POLICY, 99)
    return found


def asked(decision: Decision | None) -> int | None:
    return None if decision is None else decision.amount_minor


def test_cash_of_one_currency_covers_no_invoice_of_another() -> None:
    found = decided()
    assert (asked(found["USD"]), found["EUR"] and found["EUR"].cause) == (12_000, "covered_by_credit")


def test_euros_that_settle_dollars_end_the_case_in_dollars_and_cover_euros_no_longer() -> None:
    settled = applied(12_000, invoice_id="inv_1", currency="USD", paid=PAID)
    found = decided(settled)
    assert (found["USD"], asked(found["EUR"])) == (None, 5_000 - 600)
    undone = unapplied(12_000, invoice_id="inv_1", currency="USD", paid=PAID)
    assert asked(decided(settled, undone)["USD"]) == 12_000
