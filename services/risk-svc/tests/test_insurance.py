"""Insurance contracts and covers; the insured part of debts, to the cent; the stop of cover."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from encours.contracts.events.insurance import InsuranceTerms
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.insured import covers
from encours.contracts.insured.claims import DeadlineFacts, InsuredBook, InsuredInvoice, deadline_id_of
from encours.contracts.insured.share import insured, stop_of
from encours.kernel.errors import Invalid
from encours.testing.events import event
from encours.testing.memory import TODAY
from risk_svc.domain.assessment import OrderAsked, assess
from risk_svc.domain.insurance import contract, cover, deadline
from risk_svc.domain.insurance.backtest import lost, passed_deadlines
from risk_svc.domain.insurance.deadlines import InsuranceDeadline, deadlines_of
from risk_svc.domain.insurance.work import stops_and_ends
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.use_cases import insurance
from risk_svc.use_cases.insurance_days import free_since
from tests.histories.insurance import CONTRACT, COVER, TERMS, desk_with_contract


def test_a_contract_is_set_once_and_its_versions_are_counted() -> None:
    desk = desk_with_contract()
    assert desk.do(insurance.set_contract, CONTRACT) == []
    desk.do(insurance.set_contract, replace(CONTRACT, insurer="Allianz Trade"))
    found = desk.books.state(insurance.INSURANCE_CONTRACT, contract.contract_of("C26")).content
    assert found is not None
    assert (found.version, found.insurer) == (2, "Allianz Trade")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"valid_until": date(2025, 12, 31)}, "before valid_from"),
        ({"entity_id": "ent_2"}, "another entity"),
        ({"currency": "USD"}, "use another code"),
        ({"currencies": (("/terms/deductible/currency", "USD"),)}, "in EUR"),
        ({"terms": with_fields(TERMS, hand_over_days=30)}, "handed over after its notice"),
    ],
    ids=str,
)
def test_a_contract_that_contradicts_itself_is_refused_as_written(changes: dict[str, Any], said: str) -> None:
    desk = desk_with_contract()
    desk.happen(event(EntityRegistered, entity_id="ent_2"))
    with pytest.raises(Invalid, match=said):
        desk.do(insurance.set_contract, replace(CONTRACT, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"term": "temporary"}, "has a last day"),
        ({"buyer": "unnamed", "amount_minor": 5_000_01}, "does not name"),
        ({"currency": "USD"}, "in EUR"),
        ({"valid_from": date(2025, 12, 31)}, "not in force"),
        ({"valid_until": TODAY - timedelta(days=1)}, "before valid_from"),
    ],
    ids=str,
)
def test_a_cover_that_the_contract_does_not_give_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        desk_with_contract().do(insurance.grant_cover, replace(COVER, **changes))


def test_a_cover_is_reduced_stopped_resumed_and_cancelled_each_once() -> None:
    desk = desk_with_contract()
    assert desk.do(insurance.grant_cover, COVER) == ["insurance_cover.granted"]
    identifier, later = COVER.cover_id, TODAY + timedelta(days=10)
    lower = cover.ReduceCover(identifier, 400_00, "EUR", later)
    commands = (
        lower,
        cover.StopCover(identifier, "inv_1", 61),
        cover.ResumeCover(identifier),
        cover.CancelCover(identifier, later + timedelta(days=10), 30, by_insurer=True),
    )
    for command, name in zip(commands, ("reduced", "stopped", "resumed", "cancelled"), strict=True):
        assert desk.do(insurance.change_cover, command) == [f"insurance_cover.{name}"]
        assert desk.do(insurance.change_cover, command) == []
    with pytest.raises(Invalid, match="above the cover"):
        desk.do(insurance.change_cover, replace(lower, amount_minor=400_01))
    found = desk.books.state(insurance.COVER, identifier)
    before = later - timedelta(days=1)
    assert (found.amount_on(before), found.amount_on(later)) == (1_000_00, 400_00)
    end = later + timedelta(days=9)
    assert found.last_day == end
    assert found.covers(end + timedelta(days=30))
    assert not found.covers(end + timedelta(days=31))
    assert not found.withdrawn(end)
    assert found.withdrawn(end + timedelta(days=1))


def test_a_reduction_recorded_late_raises_no_later_amount() -> None:
    desk, identifier = desk_with_contract(), COVER.cover_id
    desk.do(insurance.grant_cover, COVER)
    for days, minor in ((20, 0), (10, 400_00)):
        lower = cover.ReduceCover(identifier, minor, "EUR", TODAY + timedelta(days=days))
        assert desk.do(insurance.change_cover, lower) == ["insurance_cover.reduced"]
    found = desk.books.state(insurance.COVER, identifier)
    amounts = [found.amount_on(TODAY + timedelta(days=days)) for days in (9, 10, 19, 20)]
    assert amounts == [1_000_00, 400_00, 400_00, 0]


def test_a_cancellation_on_an_earlier_day_ends_the_cover_on_that_day() -> None:
    desk, identifier = desk_with_contract(), COVER.cover_id
    desk.do(insurance.grant_cover, COVER)
    given_up = cover.CancelCover(identifier, TODAY + timedelta(days=60), 0, by_insurer=False)
    desk.do(insurance.change_cover, given_up)
    sooner = cover.CancelCover(identifier, TODAY + timedelta(days=5), 0, by_insurer=True)
    assert desk.do(insurance.change_cover, sooner) == ["insurance_cover.cancelled"]
    assert desk.do(insurance.change_cover, sooner) == desk.do(insurance.change_cover, given_up) == []
    found = desk.books.state(insurance.COVER, identifier)
    assert (found.last_day, found.withdrawn(TODAY + timedelta(days=5))) == (TODAY + timedelta(days=4), True)


def book(*invoices: InsuredInvoice, terms: InsuranceTerms = TERMS, **fields: Any) -> InsuredBook:
    content = contract.set_contract(contract.InsuranceContract(), replace(CONTRACT, terms=terms))[0]
    granted = cover.grant(replace(COVER, customer_id="cus_1"), content, "ent_1", date(2026, 1, 1))
    usual: dict[str, Any] = {
        "covers": (covers.InsuranceCover(granted, "ent_1", (covers.Amount(granted.valid_from, 1_000_00),)),)
    }
    return InsuredBook(content, invoices=invoices, **(usual | fields))


def debt(number: int, open_minor: int, **fields: Any) -> InsuredInvoice:
    issued_on = date(2026, 1, 1) + timedelta(days=number)
    usual: dict[str, Any] = {
        "invoice_id": f"inv_{number}", "number": f"F-{number}", "customer_id": "cus_1", "currency": "EUR",
        "issued_on": issued_on, "due_on": issued_on + timedelta(days=30), "open_minor": open_minor,
    }  # fmt: skip
    return InsuredInvoice(**(usual | fields))


DAY = date(2026, 2, 15)


def shown(found: InsuredBook, day: date = DAY) -> tuple[int, int, int]:
    share = insured(found, "cus_1", day)
    assert share is not None
    return share.covered_minor, share.insured_minor, share.lost_minor


def test_the_insurer_pays_its_share_of_what_the_cover_holds_rounded_once_less_the_deductible() -> None:
    two = (debt(1, 333_33), debt(2, 333_38))
    assert shown(book(*two)) == (666_71, 600_04, 0)
    assert shown(book(*two, terms=with_fields(TERMS, deductible_minor=100_00))) == (666_71, 500_04, 0)
    assert shown(book(debt(1, 700_00), debt(2, 700_00))) == (1_000_00, 900_00, 0)


def test_what_is_disputed_covered_by_cash_or_vat_of_a_net_contract_is_not_insured() -> None:
    assert shown(book(debt(1, 300_00, disputed_minor=100_00))) == (200_00, 180_00, 0)
    assert shown(book(debt(1, 300_00, covered_by_cash_minor=100_00))) == (200_00, 180_00, 0)
    net = with_fields(TERMS, vat_included=False)
    assert shown(book(debt(1, 120_00, net_minor=100_00, total_minor=120_00), terms=net)) == (
        100_00,
        90_00,
        0,
    )
    assert shown(book(debt(1, 120_00), terms=net))[0] == 120_00


def test_invoices_before_the_cover_in_a_stop_or_in_another_currency_are_not_insured() -> None:
    [granted] = book().covers
    stopped = replace(granted, stops=(covers.Stop(date(2026, 1, 5), date(2026, 1, 8)),))
    debts = [debt(each, 10_00) for each in (-1, 3, 4, 6, 7)]
    share = insured(book(*debts, debt(8, 10_00, currency="USD"), covers=(stopped,)), "cus_1", DAY)
    assert share is not None
    assert set(share.by_invoice) == {"inv_3", "inv_7"}


def test_a_reduced_cover_limits_later_invoices_alone() -> None:
    [granted] = book().covers
    reduced = replace(granted, amounts=(*granted.amounts, covers.Amount(date(2026, 1, 10), 500_00)))
    share = insured(book(debt(1, 700_00), debt(12, 100_00), covers=(reduced,)), "cus_1", DAY)
    assert share is not None
    assert share.by_invoice == {"inv_1": 630_00}
    share = insured(book(debt(1, 300_00), debt(12, 900_00), covers=(reduced,)), "cus_1", DAY)
    assert share is not None
    assert share.by_invoice == {"inv_1": 270_00, "inv_12": 180_00}


def test_a_missed_deadline_loses_the_claim_of_its_invoice_until_it_is_found_to_be_met() -> None:
    known = book(debt(1, 300_00), debt(10, 300_00))
    notice = deadline_id_of(known.contract.insurance_contract_id, "overdue_notice", "inv_1")
    last = date(2026, 4, 2)
    assert shown(known, last) == (600_00, 540_00, 0)
    assert shown(known, last + timedelta(days=1)) == (300_00, 270_00, 300_00)
    told = replace(known, facts={notice: DeadlineFacts(missed_on=last + timedelta(days=1), met_on=last)})
    assert shown(told, last + timedelta(days=1)) == (600_00, 540_00, 0)


def test_deliveries_after_the_last_day_of_the_contract_are_not_covered() -> None:
    known = book(debt(9, 300_00), debt(10, 200_00))
    ended = replace(known, contract=with_fields(known.contract, valid_until=date(2026, 1, 10)))
    share = insured(ended, "cus_1", DAY)
    assert share is not None
    assert (share.by_invoice, share.cover_minor) == ({"inv_9": 270_00}, 0)
    due = {each.invoice_id for each in deadlines_of(ended, DAY, date(2027, 1, 1)) if each.kind == "hand_over"}
    assert due == {"inv_9"}


def test_a_stop_of_cover_is_listed_up_to_the_end_of_the_contract() -> None:
    known, last = book(debt(9, 300_00)), date(2026, 1, 10) + timedelta(days=30 + TERMS.stop_days)

    def stops(ends_on: date, day: date) -> list[date]:
        contract_ = with_fields(known.contract, valid_until=ends_on)
        found = deadlines_of(replace(known, contract=contract_), day, date(2027, 1, 1))
        return [each.last_day for each in found if each.kind == "stop_of_cover"]

    assert stops(last + timedelta(days=1), DAY) == [last]
    assert stops(last, DAY) == [], "the contract ends before the cover would stop"
    assert stops(last + timedelta(days=9), last + timedelta(days=10)) == [], "the contract has ended"


AMOUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 600_00), st.integers(0, 200_00)), max_size=8)


@given(AMOUNTS, st.integers(0, 10_000), st.integers(0, 300_00))
def test_the_insured_part_is_that_of_a_count_cent_by_cent(
    amounts: list[tuple[int, int, int]], share_bps: int, deductible_minor: int
) -> None:
    debts = [
        debt(day, minor, invoice_id=f"inv_{day}_{n}", disputed_minor=min(minor, disputed))
        for n, (day, minor, disputed) in enumerate(amounts)
    ]
    terms = with_fields(TERMS, insured_share_bps=share_bps, deductible_minor=deductible_minor)
    share = insured(book(*debts, terms=terms), "cus_1", DAY)
    assert share is not None
    left, covered = 1_000_00, Counter[str]()
    for each in sorted(debts, key=lambda one: (one.issued_on, one.invoice_id)):
        for _ in range(min(left, each.open_minor - each.disputed_minor)):
            covered[each.invoice_id] += 1
            left -= 1
    exact = covered.total() * share_bps
    paid = exact // 10_000 + (exact % 10_000 >= 5_000)
    assert share.covered_minor == covered.total()
    assert share.insured_minor == max(0, paid - deductible_minor) == sum(share.by_invoice.values())


def order(found: InsuredBook, day: date) -> tuple[str, tuple[str, ...]]:
    share = insured(found, "cus_1", day)
    assert share is not None
    limit = ApprovedLimit("lim_1", 9_000_00, "EUR", 3_650, None)
    picture = Picture("cus_1", "ent_1", "Dupont", limit=limit, limit_holder_id="cus_1", insured=(share,))
    verdict, _ = assess(OrderAsked("cus_1", 10_00, "EUR", None), picture, day, model=None, position=1, lag=0)
    return verdict.decision, verdict.reasons


def test_an_invoice_later_than_the_contract_allows_stops_cover_and_orders_on_that_day() -> None:
    known, last = book(debt(1, 300_00)), date(2026, 2, 1) + timedelta(days=60)
    assert order(known, last) == ("accept", ("within-limit",))
    assert stops_and_ends(known, last) == []
    after = last + timedelta(days=1)
    assert order(known, after) == ("refuse", ("cover-stopped",))
    [(stopped, command)] = stops_and_ends(known, after)
    assert command == cover.StopCover(stopped.content.cover_id, "inv_1", 61, after)
    paid = replace(known, invoices=(), covers=(replace(stopped, stops=(covers.Stop(after),)),))
    assert order(replace(paid, covers=known.covers), after)[0] == "accept"
    assert stops_and_ends(paid, after) == [(paid.covers[0], cover.ResumeCover(COVER.cover_id))]


@pytest.mark.parametrize(("paid", "since"), [(0, 0), (2, 2), (5, 5), (-9, 0)])
async def test_a_cover_resumes_on_the_day_from_which_on_no_debt_stops_it(paid: int, since: int) -> None:
    known, stopped_on = book(debt(1, 300_00)), date(2026, 2, 1) + timedelta(days=61)
    stopped = replace(known.covers[0], stops=(covers.Stop(stopped_on),))

    async def then(day: date) -> list[InsuredBook]:
        return [known if day < stopped_on + timedelta(days=paid) else replace(known, invoices=())]

    today = stopped_on + timedelta(days=5)
    assert await free_since(stopped, today, date.max, then) == stopped_on + timedelta(days=since)
    ends_on = stopped_on + timedelta(days=3)
    ended = stopped_on + timedelta(days=since) if since <= 3 else None
    assert await free_since(stopped, today, ends_on, then) == ended
    desk = desk_with_contract()
    desk.do(insurance.grant_cover, COVER)
    first, free = TODAY - timedelta(days=9), TODAY - timedelta(days=4)
    desk.do(insurance.change_cover, cover.StopCover(COVER.cover_id, "inv_1", 61, first))
    desk.do(insurance.change_cover, cover.ResumeCover(COVER.cover_id, free))
    assert desk.books.state(insurance.COVER, COVER.cover_id).stops == (covers.Stop(first, free),)


def test_a_stop_whose_day_is_worked_late_begins_on_the_day_of_the_stop() -> None:
    known, after = book(debt(1, 300_00)), date(2026, 2, 1) + timedelta(days=61)
    for opened, first in ((-5, 0), (0, 0), (2, 2), (3, 3)):
        [(_, command)] = stops_and_ends(known, after + timedelta(days=3), after + timedelta(days=opened))
        assert command == cover.StopCover(COVER.cover_id, "inv_1", 61 + first, after + timedelta(days=first))
    desk = desk_with_contract()
    desk.do(insurance.grant_cover, COVER)
    stopped = cover.StopCover(COVER.cover_id, "inv_1", 61, TODAY - timedelta(days=3))
    desk.do(insurance.change_cover, stopped)
    assert desk.books.state(insurance.COVER, COVER.cover_id).stops == (
        covers.Stop(TODAY - timedelta(days=3)),
    )


def test_a_cover_withdrawn_by_the_insurer_stops_orders_and_one_that_ends_or_is_given_up_does_not() -> None:
    [granted] = book().covers
    for by_insurer, wanted in ((True, "refuse"), (False, "accept")):
        cancelled = cover.cancel(
            granted, cover.CancelCover(COVER.cover_id, DAY, 30, by_insurer=by_insurer), DAY
        )
        gone = replace(granted, cancelled=cancelled[0])
        assert order(book(covers=(gone,)), DAY)[0] == wanted
        assert order(book(covers=(gone,)), DAY - timedelta(days=1))[0] == "accept"
    ended = replace(granted, granted=with_fields(granted.content, valid_until=DAY - timedelta(days=1)))
    assert stop_of(book(covers=(ended,)), "cus_1", DAY) is None


def near_deadline() -> InsuranceDeadline:
    return next(
        each
        for each in deadlines_of(book(debt(1, 300_00)), DAY, date(2027, 1, 1))
        if each.kind == "overdue_notice"
    )


class Found:
    def __init__(self, found: InsuranceDeadline | None) -> None:
        self.found = found

    async def of(self, ledger: str, deadline_id: str, day: date) -> InsuranceDeadline | None:
        return self.found


def test_a_deadline_is_alerted_once_for_each_last_day_missed_once_and_met() -> None:
    desk, found = desk_with_contract(), near_deadline()
    moved = replace(found, last_day=found.last_day + timedelta(days=20))
    for each, expected in ((found, 1), (found, 0), (moved, 1)):
        kinds = desk.do(insurance.alert_deadline, deadline.AlertDeadline(each))
        assert kinds == ["insurance_deadline.alerted"] * expected
    assert desk.do(insurance.miss_deadline, deadline.MissDeadline(found)) == ["insurance_deadline.missed"]
    assert desk.do(insurance.miss_deadline, deadline.MissDeadline(found)) == []
    met = deadline.MeetDeadline(found.deadline_id, None, "C-1", None)
    assert desk.do(insurance.meet_deadline, met, Found(found)) == ["insurance_deadline.met"]
    assert desk.do(insurance.meet_deadline, met, Found(found)) == []


def test_a_deadline_that_was_met_in_time_is_not_missed() -> None:
    desk, found = desk_with_contract(), near_deadline()
    told = deadline.MeetDeadline(found.deadline_id, found.last_day, None, None)
    desk.do(insurance.meet_deadline, told, Found(found))
    assert desk.do(insurance.miss_deadline, deadline.MissDeadline(found)) == []


def test_only_an_open_deadline_that_is_no_payment_is_met_and_not_in_the_future() -> None:
    desk, found = desk_with_contract(), near_deadline()
    told = deadline.MeetDeadline(found.deadline_id, TODAY + timedelta(days=1), None, None)
    with pytest.raises(Invalid, match="in the future"):
        desk.do(insurance.meet_deadline, told, Found(found))
    early = deadline.MeetDeadline(found.deadline_id, TODAY - timedelta(days=1), None, None)
    with pytest.raises(Invalid, match="was issued on"):
        desk.do(insurance.meet_deadline, early, Found(replace(found, since=TODAY)))
    with pytest.raises(deadline.InsuranceDeadlineNotFound):
        desk.do(insurance.meet_deadline, told, Found(None))
    with pytest.raises(deadline.MetByPayment):
        desk.do(insurance.meet_deadline, told, Found(replace(found, kind="stop_of_cover")))


def test_a_claim_is_lost_once_by_the_first_deadline_that_passed_while_it_was_open() -> None:
    debts = [debt(n, 300_00) for n in (1, 2, 3)]
    known = book(*debts)
    notice = date(2026, 4, 2)
    first, last = date(2026, 3, 1), date(2026, 12, 31)
    passed = passed_deadlines(known, first, last, assume_cover=False)
    assert len(passed) == 6
    open_on = {(each.invoice.invoice_id, each.last_day): each.invoice for each in passed}
    open_on[("inv_2", notice)] = with_fields(debts[1], open_minor=0)
    found = {
        each.passed.invoice.invoice_id: each for each in lost(known, passed, open_on, assume_cover=False)
    }
    assert [found[f"inv_{n}"].passed.kind for n in (1, 2, 3)] == [
        "overdue_notice",
        "hand_over",
        "overdue_notice",
    ]
    assert (found["inv_1"].passed.last_day, found["inv_1"].insured_minor) == (notice, 270_00)


def test_a_claim_that_was_notified_in_time_or_not_covered_is_not_lost_unless_cover_is_assumed() -> None:
    late = debt(-1, 5_000_00)
    known = book(debt(1, 300_00), late)
    notice = deadline_id_of(known.contract.insurance_contract_id, "overdue_notice", "inv_1")
    told = replace(known, facts={notice: DeadlineFacts(met_on=date(2026, 4, 2))})
    period = (date(2026, 3, 1), date(2026, 4, 30))
    assert passed_deadlines(told, *period, assume_cover=False) == []
    [only] = passed_deadlines(told, *period, assume_cover=True)
    assert only.invoice == late
    [claim] = lost(told, [only], {(late.invoice_id, only.last_day): late}, assume_cover=True)
    assert claim.insured_minor == 4_500_00
