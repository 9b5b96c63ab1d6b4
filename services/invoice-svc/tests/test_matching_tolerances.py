"""Bank lines that fall short: settled by the tolerance that applies to the debtor, and by no other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.testing.bank_files import IBAN, Booked
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.tolerance.choose import explaining_shortfall
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, tolerances
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices
from tests.matching.lines import import_lines, judge_line, judged, match, open_items

DAY = date(2026, 6, 12)
NUMBER = "FAC-2026-000001"


@pytest.fixture
def bank(firm: Any, make: Any) -> Any:
    """A firm with an account, and an open invoice of 120.00 to a debtor in Belgium."""
    firm.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    firm.do(customers.register, make.customer("cus_be", country="BE"))
    firm.do(invoices.draft, make.at_once(make.draft(customer_id="cus_be"), date(2026, 6, 1)))
    return firm


def allow(books: Any, reason: Any = "bank_charge", cap: int = 300, **scope: Any) -> None:
    values: dict[str, Any] = {"currency": "EUR", "valid_from": date(2026, 6, 1)} | scope
    books.do(
        tolerances.set_tolerance,
        SetTolerance("ent_1", "T", reason, values.pop("currency"), cap, values.pop("valid_from"), **values),
    )


def line(minor: int = 11_750, **changes: Any) -> Booked:
    values: dict[str, Any] = {"text": f"VIR {NUMBER}", "reference": "R1", "party": "DUPONT"}
    return Booked(minor, DAY, **(values | changes))


def test_a_bank_charge_within_the_tolerance_explains_the_amount_and_is_closed(bank: Any) -> None:
    allow(bank)
    state = judged(bank, line())
    assert [(x.rule, x.points, x.evidence) for x in state.booked.reasons] == [
        ("invoice_number", 50, NUMBER),
        ("tolerance", 25, "2.50 EUR less: T, bank_charge"),
        ("payer_name", 10, "DUPONT"),
    ]
    invoice = bank.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.residual.amount_minor, invoice.residual.reason) == (
        0,
        250,
        "bank_charge",
    )
    closed = bank.stream("inv_1")[-1].data
    assert (closed.policy_code, closed.policy_version, closed.instructed) == ("T", 1, False)
    assert bank.state(PAYMENT, state.booked.payment_id).unapplied_minor == 0


def test_of_several_invoices_the_last_falls_short(bank: Any, make: Any) -> None:
    allow(bank)
    bank.do(invoices.draft, make.at_once(make.draft("inv_2", customer_id="cus_be"), date(2026, 6, 2)))
    state = judged(bank, line(23_750, text=f"{NUMBER} FAC-2026-000002"))
    assert state.status == "booked"
    assert [bank.state(INVOICE, each).residual_minor for each in ("inv_1", "inv_2")] == [0, 250]


@pytest.mark.parametrize(
    "tolerance",
    [
        {},
        {"cap": 249},
        {"cap": 0},
        {"reason": "cent", "cap": 249},
        {"reason": "exchange"},
        {"reason": "discount_late", "late_days": 30},
        {"currency": "USD"},
        {"customer_id": "cus_1"},
        {"segment": "retail"},
        {"tag": "key account"},
        {"valid_from": date(2026, 6, 13)},
    ],
)
def test_no_other_tolerance_explains_it(bank: Any, tolerance: dict[str, Any]) -> None:
    if tolerance:
        allow(bank, **tolerance)
    state = judged(bank, line())
    assert state.status == "proposed"
    assert [x.rule for x in state.proposals[0].reasons][:2] == ["invoice_number", "amount_differs"]
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 12_000


@pytest.mark.parametrize("changes", [{"text": "VIR"}, {"party": "MARTIN"}, {"party": None}])
def test_a_tolerance_takes_the_place_of_no_other_reason(bank: Any, changes: dict[str, Any]) -> None:
    allow(bank)
    assert judged(bank, line(**changes)).booked is None


def test_a_domestic_payer_needs_a_charge_that_the_bank_states(bank: Any, make: Any) -> None:
    allow(bank)
    bank.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 2)))
    state = judged(bank, line(text="FAC-2026-000002"))
    assert state.status == "proposed"


@pytest.mark.parametrize(
    ("charges", "foreign", "short", "found"),
    [
        (None, True, 300, True),
        (None, False, 300, False),
        (300, False, 300, True),
        (299, True, 300, False),
        (None, True, 301, False),
        (None, True, 0, False),
    ],
)
def test_charges_that_the_bank_states_bound_the_shortfall(
    bank: Any, charges: int | None, foreign: bool, short: int, found: bool
) -> None:
    allow(bank)
    known = open_items(bank).tolerances_of("cus_be", DAY)
    tolerance = explaining_shortfall(short, known, charges_minor=charges, is_foreign=foreign)
    assert (tolerance is not None) is found


def test_a_share_in_dispute_is_never_closed(bank: Any, make: Any) -> None:
    allow(bank)
    (line_id,) = import_lines(bank, line())
    bank.do(claims.open_dispute, make.dispute(100))
    judge_line(bank, line_id)
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 12_000


def test_a_share_of_the_invoice_below_the_amount_is_refused(bank: Any, make: Any) -> None:
    """The cap of 1 % of 120.00 is known from the invoice alone: the judgement is refused when it is carried out."""
    allow(bank, share_bps=100)
    (line_id,) = import_lines(bank, line())
    with make.refused("residual-above-tolerance"):
        judge_line(bank, line_id)
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 12_000


def test_a_person_who_accepts_the_proposal_has_the_rest_closed_too(bank: Any) -> None:
    allow(bank)
    (line_id,) = import_lines(bank, line(party=None))
    judge_line(bank, line_id)
    assert match(bank, line_id, proposal=1).status == "booked"
    assert bank.state(INVOICE, "inv_1").residual_minor == 250
