"""Late-payment penalties, on the worked examples of the law's application and their edges."""

from __future__ import annotations

from datetime import date

from encours.contracts.common import Terms
from encours.contracts.settlement import settlements
from encours.legal import interest as penalties
from encours.legal.packs import law_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.parts import AppliedPayment, CreditNote
from invoice_svc.domain.invoice.state import Invoice

DUE = date(2025, 3, 31)
LAW = law_of("FR")


def debt(
    *applied: AppliedPayment, rate_bps: int | None = None, credits: tuple[CreditNote, ...] = ()
) -> Invoice:
    terms = Terms(due_kind="NET", days=30, penalty_rate_bps=rate_bps, indemnity_minor=4_000)
    return Invoice(
        document="issued",
        currency="EUR",
        total_minor=1_200_000,
        due_on=DUE,
        terms=terms,
        applied=applied,
        credits=credits,
    )


def statement(state: Invoice, on: date) -> penalties.Statement:
    settlement = settlements([debt_of(state)])[state.invoice_id]
    assert state.terms is not None
    return penalties.statement(settlement, state.terms, on, LAW)


def paid(amount_minor: int, on: date) -> AppliedPayment:
    return AppliedPayment("alo_1", "pay_1", amount_minor, on, on)


def interest(state: Invoice, on: date) -> list[tuple[int, int, int]]:
    found = statement(state, on)
    return [(segment.days, segment.rate_bps, segment.interest_minor) for segment in found.segments]


def test_interest_is_split_where_the_half_year_changes_the_legal_rate() -> None:
    found = statement(debt(), date(2025, 7, 15))
    assert [(s.days, s.rate_bps, s.interest_minor) for s in found.segments] == [
        (91, 1315, 39_342),
        (15, 1215, 5_992),
    ]
    assert found.interest_minor + found.indemnity_minor == 49_334


def test_the_day_on_which_the_funds_come_in_is_the_last_that_counts() -> None:
    assert interest(debt(paid(1_200_000, date(2025, 7, 15))), date(2026, 1, 31)) == [
        (91, 1315, 39_342),
        (15, 1215, 5_992),
    ]


def test_a_partial_payment_lowers_the_principal_from_the_next_day() -> None:
    segments = interest(debt(paid(500_000, date(2025, 5, 15))), date(2025, 7, 15))
    assert segments == [(45, 1315, 19_455), (46, 1315, 11_601), (15, 1215, 3_495)]
    assert sum(amount for _, _, amount in segments) == 34_551


def test_nothing_is_due_on_the_due_date_itself_and_no_fee_for_a_payment_in_time() -> None:
    assert statement(debt(), DUE) == statement(debt(paid(1_200_000, DUE)), date(2026, 1, 1))
    assert statement(debt(), DUE).indemnity_minor == 0


def test_a_contractual_rate_does_not_change_with_the_half_year() -> None:
    assert interest(debt(rate_bps=1_000), date(2025, 7, 15)) == [(106, 1_000, 34_849)]


def test_what_a_credit_note_takes_off_was_never_owed() -> None:
    def credited(net: int, vat: int) -> CreditNote:
        day = date(2025, 4, 30)
        return CreditNote("cre_1", "AVO-1", "AVO", day, (), net, vat, net + vat, "returned")

    assert interest(debt(credits=(credited(1_000_000, 200_000),)), date(2025, 7, 15)) == []
    half = debt(credits=(credited(500_000, 100_000),))
    assert interest(half, date(2025, 7, 15)) == [(91, 1315, 19_671), (15, 1215, 2_996)]


def test_the_default_rate_of_2024_s2_is_not_lifted_to_three_times_the_legal_rate() -> None:
    assert next(LAW.rates(date(2024, 7, 1), date(2024, 7, 1), DUE))[2].value == 1_425


def test_without_an_agreement_an_invoice_is_due_after_thirty_days_with_forty_euro_in_euro_only() -> None:
    assert LAW.default_terms(date(2026, 1, 5), "EUR") == Terms(
        due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000
    )
    assert LAW.default_terms(date(2026, 1, 5), "GBP").indemnity_minor == 0
