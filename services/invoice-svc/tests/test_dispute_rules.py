"""Rules for disputes are dated data: the category of a debtor's code, owner and deadline of a category."""

from __future__ import annotations

from datetime import date
from typing import Any

from invoice_svc.domain.customer.merge import MergeCustomer
from invoice_svc.domain.dispute_rules.commands import MapCode, SetCategory, rules_id
from invoice_svc.http.dispute_rules.answers import DeductionCodesOut, DisputeCategoriesOut
from invoice_svc.use_cases.folds import DISPUTE_RULES
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import dispute_rules

RULES = rules_id("ent_1")


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def mapped(
    category: Any, customer: str | None = None, since: date | None = None, code: str = "PR-04"
) -> MapCode:
    return MapCode("ent_1", customer, code, category, None, since)


def test_a_code_is_mapped_for_all_debtors_or_for_one_and_from_a_day_on(firm: Any) -> None:
    firm.do(dispute_rules.map_code, mapped("other", since=day(1)))
    firm.do(dispute_rules.map_code, mapped("price", since=day(10)))
    firm.do(dispute_rules.map_code, mapped("penalty", "cus_1", day(20), code="pr-04"))
    found = firm.state(DISPUTE_RULES, RULES)
    expected = [(31, 5, None), (1, 6, "other"), (10, 6, "price"), (19, 6, "price"), (20, 6, "penalty")]
    for number, month, category in expected:
        assert found.category_of(" pr-04 ", ["cus_1"], day(number, month)) == category
    assert found.category_of("PR-04", ["cus_2"], day(30)) == "price"
    assert found.category_of("PR-05", ["cus_1"], day(30)) is None


def test_a_mapping_for_the_same_day_replaces_it_and_the_same_one_records_nothing(firm: Any) -> None:
    firm.do(dispute_rules.map_code, mapped("other"))
    firm.do(dispute_rules.map_code, mapped("price"))
    before = len(firm.ledger.events)
    firm.do(dispute_rules.map_code, mapped("price"))
    assert len(firm.ledger.events) == before
    shown = DeductionCodesOut.of(firm.state(DISPUTE_RULES, RULES), 2, day(30))
    assert [(each["category"], each["in_force"]) for each in shown["codes"]] == [("price", True)]


def test_a_code_is_mapped_for_a_customer_of_the_entity_that_is_not_merged(firm: Any, make: Any) -> None:
    firm.do(entities.register, make.entity("ent_2"))
    firm.do(customers.register, make.customer("cus_2", "ent_2"))
    firm.do(customers.register, make.customer("cus_3"))
    firm.do(customers.merge, MergeCustomer("cus_3", "cus_1", on=day(10)))
    with make.refused("customer-of-other-entity"):
        firm.do(dispute_rules.map_code, mapped("price", "cus_2"))
    with make.refused("customer-merged"):
        firm.do(dispute_rules.map_code, mapped("price", "cus_3"))


def test_the_rule_of_a_category_counts_from_its_day_on(firm: Any) -> None:
    for owner, days, since in (("Ana", 10, day(1)), ("Sales", None, day(20))):
        command = SetCategory("ent_1", "price", owner, days, 3, since)
        firm.do(dispute_rules.set_category, command)
    found = firm.state(DISPUTE_RULES, RULES)
    assert found.rule_of("price", day(31, 5)) is None
    assert found.rule_of("quality", day(30)) is None
    assert [found.rule_of("price", day(n)).owner for n in (1, 19, 20)] == ["Ana", "Ana", "Sales"]
    shown = DisputeCategoriesOut.of(found, 2, day(10))
    assert [(each["owner"], each["in_force"]) for each in shown["categories"]] == [
        ("Ana", True),
        ("Sales", False),
    ]
