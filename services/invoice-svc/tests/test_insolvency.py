"""Insolvency proceedings of a customer: how they are recorded, and what they leave of interest and fee."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.common import Terms
from encours.contracts.settlement import settlements
from encours.legal.packs import law_of
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.insolvency import CloseInsolvency, RecordInsolvency
from invoice_svc.domain.customer.merge import MergeCustomer
from invoice_svc.domain.entity.commands import DefineSeries
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import DebtorFile, debt_of
from invoice_svc.domain.interest.declaration import (
    DeclaredClaim,
    declared,
    proceedings_to_declare_in,
)
from invoice_svc.domain.interest.penalties import ClaimPenalties
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.http.customers.answers import CustomerOut
from invoice_svc.http.insolvency.answers import InsolvencyClaimOut, claims_csv
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers, entities, insolvencies
from invoice_svc.use_cases.sales import invoices, penalties

JUDGMENT = date(2026, 5, 4)
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=1_000, indemnity_minor=4_000)


def opened(**changes: Any) -> RecordInsolvency:
    values: dict[str, Any] = {
        "customer_id": "cus_1",
        "insolvency_id": "ins_1",
        "kind": "receivership",
        "opened_on": JUDGMENT,
    }
    return RecordInsolvency(**(values | changes))


def invoiced(
    firm: Any, make: Any, supply_on: date, name: str = "inv_1", issued_on: date | None = None
) -> None:
    content = Content(supply_on=supply_on, lines=(LineInput("work", "1", "1000.00", "20"),), terms=TERMS)
    firm.do(invoices.draft, make.at_once(make.draft(name, content=content), issued_on or supply_on))


def account(
    firm: Any, on: date, name: str = "inv_1", *, records: tuple[str, ...] = ("cus_1",)
) -> InterestAccount:
    state = firm.state(INVOICE, name)
    known = [each for record in records for each in firm.state(CUSTOMER, record).insolvencies]
    settlement = settlements([debt_of(state, known)])[name]
    return account_of(state, settlement, on, law_of("FR"))


def claim(firm: Any, name: str = "inv_1", on: date = date(2026, 6, 30)) -> DeclaredClaim | None:
    """The invoice as a claim in the proceedings of the customer."""
    known = list(firm.state(CUSTOMER, "cus_1").insolvencies)
    state = firm.state(INVOICE, name)
    settlement = settlements([debt_of(state, known)])[name]
    found = account_of(state, settlement, on, law_of("FR"))
    return declared(proceedings_to_declare_in(known, "cus_1"), state, settlement, found, on)


@pytest.fixture
def firm(firm: Any) -> Any:
    """A firm with one customer, and a series of penalty documents."""
    series = DefineSeries("ent_1", "PEN", "penalty_document", "PEN-{year}-", 4)
    firm.do(entities.define_series, series, firm.ledger.has_given_numbers)
    return firm


def paid(make: Any, name: str, amount: int, on: date) -> Any:
    """A transfer that is allocated to the invoice."""
    return make.receipt(name, amount=amount, on=on, allocations=(("inv_1", amount),))


@pytest.fixture
def late(firm: Any, make: Any) -> Any:
    """... with 1,200.00 supplied on 1 March 2026, due on 31 March, at 10 % a year."""
    invoiced(firm, make, date(2026, 3, 1))
    return firm


def test_interest_stands_still_from_the_day_of_the_judgment_on(late: Any) -> None:
    before = account(late, JUDGMENT - timedelta(days=1)).due
    assert (before.segments[0].days, before.interest_minor, before.indemnity_minor) == (33, 1_085, 4_000)
    late.do(insolvencies.record, opened())
    for on in (JUDGMENT, date(2026, 6, 30), date(2030, 1, 1)):
        assert account(late, on).due == before


def test_an_invoice_that_falls_due_from_the_judgment_on_bears_no_fee(firm: Any, make: Any) -> None:
    firm.do(insolvencies.record, opened())
    for n, due_on in enumerate((JUDGMENT - timedelta(days=1), JUDGMENT), 1):
        invoiced(firm, make, due_on - timedelta(days=30), f"inv_{n}")
    eve = account(firm, date(2026, 6, 30), "inv_1")
    assert account(firm, date(2026, 6, 30), "inv_2").due.indemnity_minor == 0
    assert (eve.due.interest_minor, eve.due.indemnity_minor, eve.is_stated) == (0, 4_000, True)


def test_the_day_of_supply_divides_earlier_claims_from_later_ones(firm: Any, make: Any) -> None:
    firm.do(insolvencies.record, opened())
    invoiced(firm, make, JUDGMENT - timedelta(days=1), "inv_1", issued_on=date(2026, 5, 10))
    invoiced(firm, make, JUDGMENT, "inv_2", issued_on=date(2026, 5, 10))
    assert account(firm, date(2026, 6, 19), "inv_1").due.interest_minor == 0
    assert account(firm, date(2026, 6, 19), "inv_2").due.interest_minor == 329


def test_a_penalty_document_claims_up_to_the_judgment_and_no_later_one_anything(late: Any, make: Any) -> None:
    late.do(insolvencies.record, opened())
    file = DebtorFile(("inv_1",))
    late.do(penalties.claim, ClaimPenalties("inv_p1", "ent_1", "cus_1", until=date(2026, 6, 30)), file)
    document = late.state(INVOICE, "inv_p1")
    assert document.total_minor == 5_085
    assert document.penalises[0].segments[-1].last_day == JUDGMENT - timedelta(days=1)
    assert debt_of(document, late.state(CUSTOMER, "cus_1").insolvencies).stayed_from == JUDGMENT
    with make.refused("nothing-to-claim"):
        late.do(penalties.claim, ClaimPenalties("inv_p2", "ent_1", "cus_1", until=date(2026, 6, 30)), file)


def test_a_judgment_that_is_recorded_late_leaves_what_a_document_claimed_beyond_it_to_be_credited(
    late: Any,
) -> None:
    claim = ClaimPenalties("inv_p1", "ent_1", "cus_1", until=date(2026, 6, 30))
    late.do(penalties.claim, claim, DebtorFile(("inv_1",)))
    late.do(insolvencies.record, opened())
    found = account(late, date(2026, 6, 30))
    assert found.claimed.interest_minor == 2_992
    assert found.over_claimed.interest_minor == 2_992 - 1_085


def test_records_of_one_debtor_share_its_proceedings(late: Any, make: Any) -> None:
    late.do(customers.register, make.customer("cus_2"))
    late.do(insolvencies.record, opened())
    late.do(customers.merge, MergeCustomer("cus_1", "cus_2"))
    both = ("cus_1", "cus_2")
    late.do(
        penalties.claim,
        ClaimPenalties("inv_p1", "ent_1", "cus_2", until=date(2026, 6, 30)),
        DebtorFile(("inv_1",), records=both),
    )
    assert late.state(INVOICE, "inv_p1").total_minor == 5_085
    with make.refused("customer-merged"):
        late.do(insolvencies.close, CloseInsolvency("cus_1", "set_aside"))
        late.do(insolvencies.record, opened())


def test_a_judgment_that_is_set_aside_stops_no_interest(late: Any) -> None:
    late.do(insolvencies.record, opened())
    late.do(insolvencies.close, CloseInsolvency("cus_1", "set_aside", date(2026, 6, 20)))
    assert account(late, date(2026, 6, 30)).due.segments[0].days == 91
    state = late.ledger.events
    then = CUSTOMER.fold_as_of([e for e in state if e.stream == "cus_1"], date(2026, 6, 19))
    assert debt_of(late.state(INVOICE, "inv_1"), then.insolvencies).stayed_from == JUDGMENT


def test_interest_stays_stopped_after_the_proceedings_have_ended(late: Any) -> None:
    late.do(insolvencies.record, opened())
    late.do(insolvencies.close, CloseInsolvency("cus_1", "plan_adopted", date(2026, 6, 20)))
    assert account(late, date(2026, 6, 30)).due.interest_minor == 1_085


def test_the_publication_and_the_names_are_added_when_they_are_known(firm: Any) -> None:
    firm.do(insolvencies.record, opened(court="TAE Lyon"))
    firm.do(insolvencies.record, opened(published_on=date(2026, 5, 12), administrator="SELARL Martin"))
    assert firm.kinds()[-3:] == [
        "customer.insolvency_opened", "customer.insolvency_amended", "customer.insolvency_published",
    ]  # fmt: skip
    assert [e.effective_on for e in firm.ledger.events[-3::2]] == [JUDGMENT, date(2026, 5, 12)]
    state = firm.state(CUSTOMER, "cus_1")
    shown = CustomerOut.of(state, 3, date(2026, 6, 30))["insolvency"]
    assert (shown["court"], shown["administrator"], shown["published_on"]) == (
        "TAE Lyon", "SELARL Martin", "2026-05-12",
    )  # fmt: skip
    count = len(firm.ledger.events)
    firm.do(insolvencies.record, opened(published_on=date(2026, 5, 12)))
    assert len(firm.ledger.events) == count


def test_a_conversion_keeps_the_day_of_the_opening(late: Any) -> None:
    late.do(insolvencies.record, opened())
    late.do(insolvencies.record, opened(kind="liquidation"))
    (known,) = late.state(CUSTOMER, "cus_1").insolvencies
    assert (known.kind, known.opened_on) == ("liquidation", JUDGMENT)


def test_on_days_before_the_judgment_there_are_no_proceedings(firm: Any) -> None:
    firm.do(insolvencies.record, opened())
    stream = [e for e in firm.ledger.events if e.stream == "cus_1"]
    found = [
        CustomerOut.of(CUSTOMER.fold_as_of(stream, on), 2, on)["insolvency"]
        for on in (JUDGMENT - timedelta(days=1), JUDGMENT)
    ]
    assert [each is None for each in found] == [True, False]


def test_days_that_contradict_each_other_are_refused(firm: Any, make: Any) -> None:
    with make.refused("date-in-future"):
        firm.do(insolvencies.record, opened(opened_on=date(2026, 7, 1)))
    with make.refused("invalid-request"):
        firm.do(insolvencies.record, opened(published_on=JUDGMENT - timedelta(days=1)))
    with make.refused("no-insolvency"):
        firm.do(insolvencies.close, CloseInsolvency("cus_1", "plan_adopted"))
    firm.do(insolvencies.record, opened())
    with make.refused("insolvency-in-force"):
        firm.do(insolvencies.record, opened(opened_on=date(2026, 5, 5)))
    with make.refused("invalid-request"):
        firm.do(insolvencies.close, CloseInsolvency("cus_1", "plan_adopted", JUDGMENT - timedelta(days=1)))
    firm.do(insolvencies.close, CloseInsolvency("cus_1", "plan_adopted", date(2026, 6, 20)))
    with make.refused("invalid-request"):
        firm.do(insolvencies.record, opened(opened_on=date(2026, 6, 19)))


def test_the_end_repeated_records_nothing(firm: Any) -> None:
    firm.do(insolvencies.record, opened())
    for _ in range(2):
        firm.do(insolvencies.close, CloseInsolvency("cus_1", "assets_insufficient", date(2026, 6, 20)))
    assert firm.kinds().count("customer.insolvency_closed") == 1


def test_an_earlier_claim_is_declared_with_what_was_owed_at_the_judgment(late: Any, make: Any) -> None:
    late.do(payments.receive, paid(make, "pay_1", 20_000, JUDGMENT - timedelta(days=1)))
    late.do(payments.receive, paid(make, "pay_2", 30_000, JUDGMENT))
    late.do(insolvencies.record, opened())
    found = claim(late)
    assert found is not None
    assert (found.part, found.principal_minor, found.vat_minor) == ("before", 100_000, 16_667)
    assert (found.interest_minor, found.indemnity_minor, found.total_minor) == (1_085, 4_000, 105_085)
    assert found.state.outstanding_minor == 70_000


def test_a_later_claim_is_what_is_owed_now_and_nothing_once_it_is_paid(firm: Any, make: Any) -> None:
    invoiced(firm, make, JUDGMENT)
    firm.do(insolvencies.record, opened())
    found = claim(firm, on=date(2026, 6, 19))
    assert found is not None
    assert (found.part, found.principal_minor, found.interest_minor) == ("after", 120_000, 526)
    firm.do(payments.receive, paid(make, "pay_1", 120_000, date(2026, 6, 1)))
    assert claim(firm, on=date(2026, 6, 19)) is None


def test_claims_are_shown_with_the_deadline_and_totals_by_part_and_currency(late: Any, make: Any) -> None:
    invoiced(late, make, JUDGMENT, "inv_2")
    late.do(insolvencies.record, opened(published_on=date(2026, 5, 12)))
    claims = [each for name in ("inv_1", "inv_2") if (each := claim(late, name)) is not None]
    (known,) = late.state(CUSTOMER, "cus_1").insolvencies
    shown = InsolvencyClaimOut.of("cus_1", date(2026, 6, 30), known, "FR", claims)
    assert shown["deadline"]["last_day"] == "2026-07-13"
    assert InsolvencyClaimOut.of("cus_1", date(2026, 6, 30), known, "DE", claims)["deadline"]["last_day"] == (
        "2026-09-14"
    )
    assert [(each["part"], each["total"]["amount"]) for each in shown["totals"]] == [
        ("before", "1250.85"),
        ("after", "1248.88"),
    ]
    lines = bytes(claims_csv(claims).body).decode().splitlines()
    assert lines[1].startswith(
        "before,cus_1,inv_1,FAC-2026-000001,2026-03-01,2026-03-01,2026-03-31,EUR,1200.00"
    )
    assert len(lines) == 3


def test_without_proceedings_there_is_nothing_to_declare_in(late: Any, make: Any) -> None:
    with make.refused("insolvency-not-found"):
        claim(late)
    late.do(insolvencies.record, opened())
    late.do(insolvencies.close, CloseInsolvency("cus_1", "recorded_in_error"))
    with make.refused("insolvency-not-found"):
        claim(late)
