"""Entries of the journal: balanced, and equal to the aged balance whatever happens."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings

from encours.contracts import Event, Recorded
from encours.contracts.books import movements, moving
from encours.contracts.common import DeductedDeposit, PenalisedInvoice, VatShare
from encours.contracts.events import loss, payment, rate, residual
from encours.contracts.events.invoice import DepositFreed, EarlyDiscountTaken
from encours.testing.events import applied, credited, event, issued, received, reversed_, unapplied
from encours.testing.firm import Firm, eventful_firm, firms
from encours.testing.history import happened
from reporting_svc.domain.journal.booking import Booking, BookingContext, DeductedAdvance
from reporting_svc.domain.journal.chart import AccountNumberRefused, default_chart
from reporting_svc.domain.journal.entry import JournalEntry
from reporting_svc.domain.journal.rules import RULES

VAT = (VatShare(category="S", rate_bps=2000, net_minor=20_000, vat_minor=4_000),)
DAY = date(2026, 3, 31)
OURS: dict[str, Any] = {"origin": "issued", "purpose": "invoice"}


def booked(events: Iterable[Recorded], *, together: bool = False) -> list[JournalEntry]:
    """The entries, at two dollars for a euro; ``together``: of one command."""
    booking, known = Booking(default_chart(), "EUR"), BookingContext(lambda minor, _, __: minor // 2)
    if together:
        return booking.entries(events, known)
    commands = groupby(events, key=attrgetter("command_id"))
    return [entry for _, command in commands for entry in booking.entries(command, known)]


def lines(*events: Event) -> list[tuple[str, int]]:
    """Account and signed amount of each line of the only entry."""
    (entry,) = booked(happened(*events), together=True)
    return [(line.account.number, line.amount_minor) for line in entry.postings]


def test_a_sale_credits_turnover_and_the_vat_of_each_rate() -> None:
    assert lines(issued(24_000, **OURS, vat=VAT)) == [
        ("411000", 24_000),
        ("445711", -4_000),
        ("707000", -20_000),
    ]


def test_a_receipt_and_its_allocations_of_one_command_are_one_entry_with_a_line_an_invoice() -> None:
    events = happened(
        received(10_000, external_ref="VIR 7"), applied(6_000), applied(3_000, invoice_id="inv_2")
    )
    (entry,) = booked(events, together=True)
    assert (entry.journal.code, entry.piece) == ("BQ", "VIR 7")
    assert {(p.account.number, p.item_id): p.amount_minor for p in entry.postings} == {
        ("411000", "pay_1"): -1_000,
        ("411000", "inv_1"): -6_000,
        ("411000", "inv_2"): -3_000,
        ("512000", None): 10_000,
    }


def test_a_later_allocation_moves_the_amount_from_the_payment_to_the_invoice() -> None:
    assert lines(applied(6_000)) == [("411000", -6_000), ("411000", 6_000)]


def test_a_returned_payment_takes_the_money_off_the_bank_and_opens_the_invoice() -> None:
    assert lines(unapplied(6_000), reversed_(6_000)) == [("411000", 6_000), ("512000", -6_000)]


def test_notes_and_coins_that_go_back_leave_the_cash_desk() -> None:
    known = BookingContext(lambda minor, _, __: minor, in_cash={"pay_1"})
    (entry,) = Booking(default_chart(), "EUR").entries(happened(unapplied(6_000), reversed_(6_000)), known)
    assert entry.journal.code == "CA"
    assert [(line.account.number, line.amount_minor) for line in entry.postings] == [
        ("411000", 6_000),
        ("530000", -6_000),
    ]


def test_a_provision_is_booked_by_its_change_and_never_on_the_customers_account() -> None:
    standing = [
        event(loss.InvoiceProvisioned, currency="EUR", amount_minor=minor) for minor in (4_000, 6_000, 0, 0)
    ]
    events = happened(*standing)
    provided = dict(zip([e.position for e in events], [0, 4_000, 6_000, 0], strict=True))
    known = BookingContext(lambda minor, _, __: minor, provided=provided)
    entries = Booking(default_chart(), "EUR").entries(events, known)
    assert [[(p.account.number, p.amount_minor) for p in entry.postings] for entry in entries] == [
        [("681740", 4_000), ("491000", -4_000)],
        [("681740", 2_000), ("491000", -2_000)],
        [("781740", -6_000), ("491000", 6_000)],
    ]


def test_a_credit_note_takes_back_turnover_and_vat() -> None:
    assert lines(credited(24_000, **OURS, vat=VAT)) == [
        ("411000", -24_000),
        ("445711", 4_000),
        ("707000", 20_000),
    ]


def test_a_deposit_is_an_advance_until_the_final_invoice_deducts_it() -> None:
    assert lines(issued(24_000, origin="issued", vat=VAT, purpose="deposit")) == [
        ("411000", 24_000), ("445711", -4_000), ("419100", -20_000),
    ]  # fmt: skip
    deducted = event(DeductedDeposit, vat=VAT, net_minor=20_000, vat_minor=4_000, total_minor=24_000)
    assert lines(issued(24_000, **OURS, vat=VAT, deposits=(deducted,))) == [
        ("411000", 24_000), ("445711", -4_000), ("419100", 20_000), ("707000", -40_000),
    ]  # fmt: skip


def test_a_deposit_is_an_advance_again_when_its_final_invoice_is_cancelled() -> None:
    deducted = event(
        DeductedDeposit, invoice_id="inv_2", vat=VAT, net_minor=20_000, vat_minor=4_000, total_minor=24_000
    )
    final = issued(24_000, **OURS, vat=VAT, deposits=(deducted,))
    freed = event(DepositFreed, invoice_id="inv_2", final_invoice_id=final.invoice_id)
    deductions = {(final.invoice_id, "inv_2"): DeductedAdvance(final.number, DAY, "EUR", 20_000)}
    known = BookingContext(lambda minor, _, __: minor // 2, deductions=deductions)
    sums: Counter[str] = Counter()
    events = happened(final, credited(24_000, **OURS, vat=VAT), freed)
    for entry in Booking(default_chart(), "EUR").entries(events, known):
        assert entry.is_balanced
        for line in entry.postings:
            sums[line.account.number] += line.amount_minor
    assert {account: minor for account, minor in sums.items() if minor} == {}


def test_a_penalty_document_is_interest_and_recovery_fees_without_vat() -> None:
    claimed = event(PenalisedInvoice, interest_minor=1_000, indemnity_minor=4_000)
    document = issued(5_000, origin="issued", purpose="penalty", penalises=(claimed,))
    assert lines(document) == [("411000", 5_000), ("758100", -4_000), ("763000", -1_000)]


def test_what_another_system_has_booked_is_no_turnover() -> None:
    taken = issued(24_000, origin="import", series=None)
    assert lines(taken) == [("411000", 24_000), ("890000", -24_000)]


def test_an_early_discount_is_an_expense_and_gives_its_vat_back() -> None:
    share = VatShare(category="S", rate_bps=2000, net_minor=400, vat_minor=80)
    taken = event(EarlyDiscountTaken, amount_minor=480, vat=(share,), net_minor=400, vat_minor=80)
    assert lines(taken) == [("411000", -480), ("445711", 80), ("665000", 400)]


def test_a_loss_is_net_of_the_vat_that_is_relieved_also_if_all_of_it_was_written_off_before() -> None:
    relief = {"amount_minor": 24_000, "vat_relief": True, "vat": VAT, "net_minor": 20_000, "vat_minor": 4_000}
    whole = event(loss.InvoiceUnrecoverable, **relief, written_off_minor=24_000)
    assert lines(whole) == [("411000", -24_000), ("445711", 4_000), ("654000", 20_000)]
    assert lines(event(loss.InvoiceUnrecoverable, **relief, written_off_minor=0)) == [
        ("445711", 4_000), ("654000", -4_000),
    ]  # fmt: skip
    back = event(loss.WriteOffRecovered, amount_minor=24_000, relieved_minor=24_000, vat=VAT)
    assert lines(back) == [("411000", 24_000), ("445711", -4_000), ("758000", -20_000)]


def test_a_tolerance_names_its_account_and_an_account_that_is_none_is_not_taken() -> None:
    closed = {"amount_minor": 2, "reason": "cent"}
    assert lines(event(residual.InvoiceResidualClosed, **closed, account="658100"))[1] == ("658100", 2)
    assert lines(event(residual.InvoiceResidualClosed, **closed, account="Arrondis"))[1] == ("658000", 2)


def test_money_of_an_unknown_payer_waits_on_the_suspense_account() -> None:
    assert lines(received(5_000, customer_id=None)) == [("471000", -5_000), ("512000", 5_000)]
    known = event(payment.PaymentIdentified, amount_minor=5_000)
    assert lines(known) == [("471000", 5_000), ("411000", -5_000)]


def test_a_payment_of_a_foreign_invoice_leaves_it_at_the_value_that_was_paid_and_the_difference_is_booked() -> (
    None
):
    assert lines(applied(12_000, currency="USD")) == [("411000", -6_000), ("411000", 6_000)]
    gain = event(rate.ExchangeDifferenceRealised, amount_minor=500)
    assert lines(gain) == [("411000", 500), ("756000", -500)]
    undone = event(rate.ExchangeDifferenceReversed, amount_minor=500)
    assert lines(undone) == [("411000", -500), ("756000", 500)]


def test_an_entity_has_its_own_numbers_and_a_wrong_one_is_refused() -> None:
    own = default_chart().with_numbers({"sales": "706100", "vat_2000": "445720"})
    assert (own["sales"].number, own.vat_at(2000).number) == ("706100", "445720")
    assert own.numbered("706100", "losses").label == own["sales"].label, "the chart has it"
    assert own.numbered("658100", "losses").label == own["losses"].label
    for wrong in ({"sales": "7X6"}, {"turnover": "707000"}, {"sales": "970000"}, {"sales": "7" * 13}):
        with pytest.raises(AccountNumberRefused):
            default_chart().with_numbers(wrong)


def test_every_type_that_moves_money_has_a_rule() -> None:
    assert moving("item", "cash", "account") <= RULES.keys()


def check(firm: Firm) -> None:
    """Each entry balances; the customers' lines are the movements: by customer, by item, in each currency."""
    lines_of: Counter[tuple[str, str, str]] = Counter()
    books: Counter[tuple[str, str, str]] = Counter()
    for entry in booked(firm.events):
        assert entry.is_balanced, entry
        for line in entry.postings:
            if line.item_id is not None:
                lines_of[line.customer_id or "", line.item_id, line.currency] += line.foreign_minor
    for e in firm.events:
        for m in movements(e):
            books[m.customer_id, m.invoice_id or "", m.currency] += m.item_minor
            books[m.customer_id, m.payment_id or "", m.currency] -= m.cash_minor
    assert {k: v for k, v in lines_of.items() if v} == {k: v for k, v in books.items() if v}


def test_when_everything_happened_the_lines_are_the_aged_balance() -> None:
    check(eventful_firm())


@settings(max_examples=40, deadline=None)
@given(firms)
def test_whatever_happened_entries_balance_and_the_lines_are_the_aged_balance(firm: Firm) -> None:
    check(firm)
