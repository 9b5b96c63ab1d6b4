"""Owner and deadline of a dispute, and the alerts before and after the deadline."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.kernel.business_days import calendar_of_country
from invoice_svc.domain.customer.merge import MergeCustomer
from invoice_svc.domain.dispute.commands import AssignDispute, OpenDispute, ResolveDispute
from invoice_svc.domain.dispute_rules.commands import MapCode, SetCategory
from invoice_svc.use_cases.folds import DISPUTE
from invoice_svc.use_cases.money import claims
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import dispute_rules, disputes


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def ruled(books: Any, category: Any = "price", owner: str = "Sales", days: int = 10) -> None:
    books.do(dispute_rules.set_category, SetCategory("ent_1", category, owner, days, 3, day(1)))


def opened(name: str = "dis_1", **more: Any) -> OpenDispute:
    values: dict[str, Any] = {"category": "price", "owner": None, "opened_on": day(10)} | more
    return OpenDispute(name, "inv_1", amount_minor=1_000, text="too dear", **values)


def test_owner_and_deadline_follow_from_the_category_unless_they_are_given(issued: Any) -> None:
    ruled(issued)
    issued.do(claims.open_dispute, opened())
    found = issued.state(DISPUTE, "dis_1")
    # 20 June 2026 is a Saturday: three business days before are Friday, Thursday, Wednesday.
    assert (found.owner, found.answer_by, found.alert_on) == ("Sales", day(20), day(17))
    issued.do(claims.open_dispute, opened("dis_2", owner="Ana", answer_by=day(30)))
    found = issued.state(DISPUTE, "dis_2")
    assert (found.owner, found.answer_by, found.alert_on) == ("Ana", day(30), day(25))
    issued.do(claims.open_dispute, opened("dis_3", category="quality"))
    found = issued.state(DISPUTE, "dis_3")
    assert (found.owner, found.answer_by, found.alert_on) == (None, None, None)


def test_business_days_before_a_day_leave_out_holidays_and_unknown_countries_use_target() -> None:
    assert calendar_of_country("FR").days_before(date(2026, 5, 4), 2) == date(2026, 4, 29)
    assert calendar_of_country("FR").days_before(date(2026, 5, 4), 0) == date(2026, 5, 4)
    assert calendar_of_country("ZZ").name == "TARGET"


def test_an_assignment_changes_what_it_names_and_a_closed_dispute_has_none(make: Any, issued: Any) -> None:
    ruled(issued)
    issued.do(claims.open_dispute, opened())
    issued.do(disputes.assign, AssignDispute("dis_1", "Ana", None, "holidays"))
    issued.do(disputes.assign, AssignDispute("dis_1", None, day(29)))
    found = issued.state(DISPUTE, "dis_1")
    assert (found.owner, found.answer_by, found.alert_on) == ("Ana", day(29), day(24))
    before = len(issued.ledger.events)
    issued.do(disputes.assign, AssignDispute("dis_1", "Ana", day(29)))
    assert len(issued.ledger.events) == before
    with make.refused("invalid-request"):
        issued.do(disputes.assign, AssignDispute("dis_1", None, day(9)))
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    with make.refused("dispute-resolved"):
        issued.do(disputes.assign, AssignDispute("dis_1", "Eva", None))


def test_each_deadline_is_told_once_when_it_is_near_and_once_when_it_is_missed(issued: Any) -> None:
    ruled(issued)
    issued.do(claims.open_dispute, opened(answer_by=day(30)))
    before = len(issued.ledger.events)
    for today in (day(24), day(25), day(26), day(30), day(1, 7), day(2, 7)):
        issued.do(disputes.alert, "dis_1", today, today=today)
    assert issued.kinds(since=before) == ["dispute.deadline_near", "dispute.deadline_missed"]
    issued.do(disputes.assign, AssignDispute("dis_1", None, day(20, 7)), today=day(2, 7))
    for today in (day(3, 7), day(21, 7)):
        issued.do(disputes.alert, "dis_1", today, today=today)
    assert issued.kinds(since=before)[2:] == ["dispute.assigned", "dispute.deadline_missed"]
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(22, 7)), today=day(22, 7))
    issued.do(disputes.alert, "dis_1", day(23, 7), today=day(23, 7))
    assert issued.kinds(since=before)[-1] == "invoice.share_undisputed"


def test_the_category_of_a_code_is_the_debtors_own_and_an_unmapped_code_is_kept(
    make: Any, issued: Any
) -> None:
    issued.do(customers.register, make.customer("cus_2"))
    issued.do(dispute_rules.map_code, MapCode("ent_1", None, "PR-04", "other", None, day(1)))
    issued.do(dispute_rules.map_code, MapCode("ent_1", "cus_2", "PR-04", "penalty", None, day(1)))
    ruled(issued, "penalty", "Logistics")
    issued.do(claims.open_dispute, opened("dis_1", category=None, code="pr-04"))
    issued.do(customers.merge, MergeCustomer("cus_1", "cus_2", on=day(5)))
    issued.do(claims.open_dispute, opened("dis_2", category=None, code="PR-04"))
    issued.do(claims.open_dispute, opened("dis_3", category=None, code="??"))
    found = [issued.state(DISPUTE, f"dis_{n}") for n in (1, 2, 3)]
    assert [(each.category, each.owner, each.code, each.code_mapped) for each in found] == [
        ("other", None, "pr-04", True),
        ("penalty", "Logistics", "PR-04", True),
        ("other", None, "??", False),
    ]
    with make.refused("invalid-request"):
        issued.do(claims.open_dispute, opened("dis_4", category=None))
