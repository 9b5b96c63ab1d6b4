"""The rules of disputes: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.kernel.errors import DomainError
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.use_cases import disputes, payments
from invoice_svc.use_cases.folds import DISPUTE, INVOICE

TODAY = date(2026, 6, 30)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def test_a_dispute_covers_an_amount_and_no_payment_closes_it(make: Any, issued: Any) -> None:
    issued.do(disputes.open_dispute, make.dispute(4_000))
    issued.do(payments.receive, make.receipt(amount=10_000, allocations=(("inv_1", 10_000),)))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.disputed_minor) == (2_000, 2_000)
    assert issued.state(DISPUTE, "dis_1").outcome is None


def test_no_more_is_disputed_than_is_owed_and_not_disputed_yet(make: Any, issued: Any) -> None:
    issued.do(disputes.open_dispute, make.dispute(4_000))
    with pytest.raises(DomainError, match=r"80.00 EUR .* not 80.01 EUR: lower the amount\.") as refusal:
        issued.do(disputes.open_dispute, make.dispute(8_001, "dis_2"))
    assert refusal.value.code == "amount-exceeds-outstanding"
    issued.do(disputes.open_dispute, make.dispute(None, "dis_3"))
    assert issued.state(DISPUTE, "dis_3").amount_minor == 8_000
    with make.refused("nothing-outstanding"):
        issued.do(disputes.open_dispute, make.dispute(None, "dis_4"))


def test_a_resolved_dispute_frees_its_amount_and_resolving_alike_again_records_nothing(
    make: Any, issued: Any
) -> None:
    issued.do(disputes.open_dispute, make.dispute(4_000))
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    events = len(issued.ledger.events)
    issued.do(disputes.resolve, ResolveDispute("dis_1", "rejected", day(20)))
    assert len(issued.ledger.events) == events
    assert issued.state(INVOICE, "inv_1").disputed_minor == 0
    with make.refused("dispute-resolved"):
        issued.do(disputes.resolve, ResolveDispute("dis_1", "credited", day(20)))
