"""Cases as answered: at dates before a customer's registration, and with disputes above the open amount."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dunning_svc.http.cases.answers import CaseItem, CaseOut
from dunning_svc.read_models.cases.past import folded
from tests.histories.dunning import CUS, START, History
from tests.histories.family import MEMBERS, Family, lived


def only_item(case: CaseOut | None) -> CaseItem:
    assert case is not None
    (item,) = case.items
    return item


def test_a_customer_owed_its_invoices_before_it_was_registered() -> None:
    history = History()
    history.issue(-40, 1_000)
    taken_over = [
        replace(e, effective_on=START - timedelta(days=70)) if e.type == "invoice.issued" else e
        for e in history.events
    ]
    as_of = START - timedelta(days=10)
    item = only_item(CaseOut.of(folded({"all": taken_over}, as_of), CUS, as_of, {}))
    assert (item.days_past_due, item.open.amount) == (30, "10.00")
    before = START - timedelta(days=71)
    assert CaseOut.of(folded({"all": taken_over}, before), CUS, before, {}) is None


def test_no_more_is_disputed_than_is_open() -> None:
    history = History()
    history.issue(10, 100_000)
    history.dispute(0, 80_000)
    history.settle(0, 60_000)
    item = only_item(CaseOut.of(history.rows, CUS, START, {}))
    assert (item.open.amount, item.disputed.amount) == ("400.00", "400.00")


def test_the_next_step_of_an_item_that_is_open_again_is_the_one_above_its_level() -> None:
    history = History()
    history.issue(10, 100_000)
    for _ in range(8):
        history.open_day()
    history.settle(0, 100_000)
    for _ in range(80):
        history.open_day()
    history.unsettle(0, reverse=True)
    item = only_item(CaseOut.of(history.rows, CUS, history.today, {}))
    assert item.next_step is not None
    assert (item.level, item.next_step.code) == ("J-5", "J+3")
    history.open_day()
    item = only_item(CaseOut.of(history.rows, CUS, history.today, {}))
    assert item.next_step is not None
    assert (item.next_step.code, item.next_step.on) == ("J+15", history.today + timedelta(days=7))


@pytest.mark.parametrize(("grouping", "head"), [("payer", 1), ("group", 2), ("customer", 1)])
def test_an_item_names_its_addressee_by_the_grouping_of_its_policy(grouping: str, head: int) -> None:
    family = Family()
    family.group_by(grouping)
    family.mark(2)
    family.pay_for(0, 1, group=2)
    family.bill(0, 1, 1_000)
    case = CaseOut.of(family.rows, CUS, family.today, {})
    assert case is not None
    assert case.payer_id == MEMBERS[1]
    item = only_item(case)
    assert item.addressee_id == MEMBERS[head]
    lived(family, 3)
    (request,) = family.requests()
    assert (request.addressee_id if grouping == "customer" else request.customer_id) == item.addressee_id
    assert item.addressee_email == {1: "f2@example.com", 2: "m2@example.com"}[head]
