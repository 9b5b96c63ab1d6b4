"""The rules of disputes: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.kernel.errors import DomainError
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.http.disputes.bodies import ResolveBody
from invoice_svc.use_cases.folds import DISPUTE, INVOICE
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.sales import disputes, invoices

TODAY = date(2026, 6, 30)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def test_a_dispute_covers_an_amount_and_no_payment_closes_it(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(payments.receive, make.receipt(amount=10_000, allocations=(("inv_1", 10_000),)))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.disputed_minor) == (2_000, 2_000)
    assert issued.state(DISPUTE, "dis_1").outcome is None


def test_no_more_is_disputed_than_is_owed_and_not_disputed_yet(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    with pytest.raises(DomainError, match=r"80.00 EUR .* not 80.01 EUR: lower the amount\.") as refusal:
        issued.do(claims.open_dispute, make.dispute(8_001, "dis_2"))
    assert refusal.value.code == "amount-exceeds-outstanding"
    issued.do(claims.open_dispute, make.dispute(None, "dis_3"))
    assert issued.state(DISPUTE, "dis_3").amount_minor == 8_000
    with make.refused("nothing-outstanding"):
        issued.do(claims.open_dispute, make.dispute(None, "dis_4"))


def test_a_resolved_dispute_frees_its_amount_and_resolving_alike_again_records_nothing(
    make: Any, issued: Any
) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    events = len(issued.ledger.events)
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    assert len(issued.ledger.events) == events
    assert issued.state(INVOICE, "inv_1").disputed_minor == 0
    with make.refused("dispute-resolved"):
        issued.do(disputes.resolve, ResolveDispute("dis_1", "credited", day(20)))


def resolved(**more: Any) -> ResolveDispute:
    wanted = {"outcome": "credited", "on": "2026-06-20", "text": "Two tyres were damaged"} | more
    return ResolveBody.model_validate(wanted).to_command("dis_1", "cre_1")


def test_an_accepted_claim_and_its_credit_note_are_one_step(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    before = len(issued.ledger.events)
    done = issued.do(disputes.resolve, resolved(credit_note=True))
    assert issued.kinds(since=before) == ["dispute.resolved", "invoice.share_undisputed", "invoice.credited"]
    assert done.result(disputes.Resolved).credit_note_id == "cre_1"
    found = issued.state(INVOICE, "inv_1")
    assert (found.credits[0].total_minor, found.credits[0].cause) == (4_000, "Two tyres were damaged")
    assert (found.conceded_minor, found.disputed_minor, found.outstanding_minor) == (0, 0, 8_000)
    issued.do(disputes.resolve, resolved(credit_note=True))
    assert len(issued.state(INVOICE, "inv_1").credits) == 1


def test_the_credit_note_may_state_its_lines_and_its_own_date(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(6_000))
    line = {"description": "Pneu", "quantity": "1", "unit_price": "20", "vat_rate": "20"}
    note = {"lines": [line], "reason": "Damaged", "issued_on": "2026-06-25"}
    issued.do(disputes.resolve, resolved(credit_note=note))
    found = issued.state(INVOICE, "inv_1")
    assert (found.credits[0].total_minor, found.credits[0].issued_on) == (2_400, day(25))
    assert found.conceded_minor == 3_600


def test_a_claim_that_credit_notes_have_answered_gets_no_other_one(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(invoices.credit, make.credit(4_000, name="cre_0"))
    done = issued.do(disputes.resolve, resolved(credit_note=True))
    assert done.result(disputes.Resolved).credit_note_id is None
    assert len(issued.state(INVOICE, "inv_1").credits) == 1


def test_a_credit_note_that_is_refused_leaves_the_dispute_open(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    with make.refused("series-not-defined"):
        issued.do(disputes.resolve, resolved(credit_note={"series": "FAC"}))
    with make.refused("invalid-request"):
        issued.do(disputes.resolve, resolved(outcome="rejected", credit_note=True))
    assert issued.state(DISPUTE, "dis_1").outcome is None
