"""Disputes in parts: several on an invoice, raised, ended in part, split, followed by another one."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from encours.kernel.money import Money
from invoice_svc.domain.dispute.commands import CommentDispute, OpenDispute, RaiseDispute, ResolveDispute
from invoice_svc.domain.invoice.commands import AmendInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.http.disputes.answers import DisputeOut
from invoice_svc.http.disputes.bodies import DisputeCommentBody, ResolveBody
from invoice_svc.use_cases.folds import DISPUTE, INVOICE
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.sales import corrections, disputes, invoices


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def resolved(outcome: str, dispute: str = "dis_1", **more: Any) -> Any:
    body = {"outcome": outcome, "on": "2026-06-20"} | more
    return ResolveBody.model_validate(body).to_command(dispute, f"cre_{dispute}")


def shown(books: Any, dispute: str = "dis_1") -> dict[str, Any]:
    return DisputeOut.of(books.state(DISPUTE, dispute), 1, day(30))


SPLIT: dict[str, Any] = {
    "credited": {"amount": eur("15.00"), "text": "One tyre was damaged"},
    "rejected": {"amount": eur("25.00"), "text": "Signed for without reserve"},
}


def test_a_split_accepts_a_part_and_rejects_the_rest_in_one_append(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    before = len(issued.ledger.events)
    done = issued.do(disputes.resolve, resolved("split", credit_note=True, **SPLIT))
    kinds = ["dispute.resolved", "invoice.share_undisputed", "invoice.share_undisputed", "invoice.credited"]
    assert issued.kinds(since=before) == kinds
    assert done.result(disputes.Resolved).credit_note_id == "cre_dis_1"
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.disputed_minor) == (10_500, 0)
    assert (invoice.credits[0].total_minor, invoice.credits[0].cause) == (1_500, "One tyre was damaged")
    found = shown(issued)
    assert (found["outcome"], found["credited"], found["rejected"]) == ("split", eur("15.00"), eur("25.00"))
    assert [part["text"] for part in found["parts"]] == ["One tyre was damaged", "Signed for without reserve"]
    issued.do(disputes.resolve, resolved("split", **SPLIT))
    assert len(issued.ledger.events) == before + len(kinds), "the same again records nothing"


def test_without_its_credit_note_the_accepted_part_is_held_out(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(disputes.resolve, resolved("split", **SPLIT))
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.conceded_minor, invoice.disputed_minor) == (
        12_000,
        1_500,
        1_500,
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"outcome": "split"}, "invalid-request"),
        ({"outcome": "split", "credited": {"amount": eur("40.00")}}, "invalid-request"),
        ({"outcome": "split", "amount": eur("40.00"), **SPLIT}, "invalid-request"),
        ({"outcome": "rejected", **SPLIT}, "invalid-request"),
        ({"outcome": "split", **SPLIT, "rejected": {"amount": eur("24.99")}}, "amount-not-contested"),
        ({"outcome": "rejected", "amount": eur("40.01")}, "amount-not-contested"),
        ({"outcome": "rejected", "amount": {"amount": "1.00", "currency": "USD"}}, "currency-mismatch"),
        ({"outcome": "rejected", "on": "2026-06-09"}, "invalid-request"),
    ],
)
def test_parts_that_are_not_what_is_contested_are_refused(
    make: Any, issued: Any, body: dict[str, Any], code: str
) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    before = len(issued.ledger.events)
    with make.refused(code):
        issued.do(disputes.resolve, resolved(**body))
    assert len(issued.ledger.events) == before


def test_a_part_is_settled_and_the_rest_stays_contested(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(disputes.resolve, resolved("credited", amount=eur("10.00"), credit_note=True))
    issued.do(disputes.resolve, resolved("withdrawn", amount=eur("5.00")))
    found = shown(issued)
    assert (found["status"], found["contested"]) == ("open", eur("25.00"))
    assert issued.state(INVOICE, "inv_1").disputed_minor == 2_500
    issued.do(disputes.resolve, resolved("rejected"))
    found = shown(issued)
    assert (found["status"], found["outcome"], found["contested"]) == ("resolved", "split", eur("0.00"))
    assert (found["credited"], found["withdrawn"], found["rejected"]) == (
        eur("10.00"),
        eur("5.00"),
        eur("25.00"),
    )


def test_a_dispute_is_raised_up_to_what_is_owed(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    with make.refused("amount-exceeds-outstanding"):
        issued.do(disputes.raise_amount, RaiseDispute("dis_1", 8_001, "EUR", "more"))
    issued.do(disputes.raise_amount, RaiseDispute("dis_1", 8_000, "EUR", "more", day(12)))
    assert shown(issued)["amount"] == eur("120.00")
    with make.refused("invalid-request"):
        issued.do(disputes.resolve, resolved("rejected", on="2026-06-11"))
    issued.do(disputes.resolve, resolved("credited", credit_note=True))
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.credits[0].total_minor) == (0, 12_000)
    with make.refused("dispute-resolved"):
        issued.do(disputes.raise_amount, RaiseDispute("dis_1", 1, "EUR", "more"))


@pytest.mark.parametrize("order", list(permutations(("credited", "rejected", "withdrawn"))))
def test_several_disputes_end_in_any_order_with_the_same_result(
    make: Any, issued: Any, order: tuple[str, ...]
) -> None:
    names = {"credited": "dis_1", "rejected": "dis_2", "withdrawn": "dis_3"}
    for n, name in enumerate(names.values(), 1):
        issued.do(claims.open_dispute, make.dispute(n * 1_000, name))
    issued.do(payments.receive, make.receipt(amount=8_000, allocations=(("inv_1", 8_000),)))
    for outcome in order:
        before = issued.state(INVOICE, "inv_1")
        assert before.disputed_minor <= before.outstanding_minor
        issued.do(disputes.resolve, resolved(outcome, names[outcome]))
    after = issued.state(INVOICE, "inv_1")
    assert (after.outstanding_minor, after.disputed_minor, after.conceded_minor) == (4_000, 1_000, 1_000)


def test_the_debtor_may_pay_a_contested_share_and_it_stays_contested(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(payments.receive, make.receipt(amount=12_000, allocations=(("inv_1", 12_000),)))
    assert shown(issued)["status"] == "open"
    done = issued.do(disputes.resolve, resolved("credited", credit_note=True))
    assert done.result(disputes.Resolved).credit_note_id is not None
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0


def test_a_rejected_dispute_is_followed_by_another_one(make: Any, issued: Any) -> None:
    def again(name: str, follows: str, invoice: str = "inv_1") -> OpenDispute:
        return OpenDispute(name, invoice, "quality", 1_000, "again", None, day(25), follows=follows)

    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    issued.do(claims.open_dispute, make.dispute(4_000))
    with make.refused("invalid-request"):
        issued.do(claims.open_dispute, again("dis_2", "dis_1"))
    issued.do(disputes.resolve, resolved("rejected"))
    with make.refused("invalid-request"):
        issued.do(claims.open_dispute, again("dis_2", "dis_1", "inv_2"))
    issued.do(claims.open_dispute, again("dis_2", "dis_1"))
    assert shown(issued, "dis_2")["follows"] == "dis_1"
    assert shown(issued)["status"] == "resolved", "what ended stays ended"


def test_two_people_resolve_and_the_second_one_is_told(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(disputes.resolve, resolved("split", **SPLIT))
    for outcome in ("credited", "rejected"):
        with make.refused("dispute-resolved"):
            issued.do(disputes.resolve, resolved(outcome))


def test_remarks_and_documents_are_kept_with_author_and_time(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    body = {"text": "The carrier confirms.", "evidence": [{"document": "YWJj", "name": "pv.txt"}]}
    said = DisputeCommentBody.model_validate(body).to_command("dis_1")
    issued.do(disputes.comment, said)
    issued.do(disputes.comment, CommentDispute("dis_1", "Seen.", said.evidence))
    found = shown(issued)
    assert [(each["by"], each["text"]) for each in found["comments"]] == [
        ("test", "The carrier confirms."),
        ("test", "Seen."),
    ]
    assert [(each["name"], each["kept"]) for each in found["evidence"]] == [("pv.txt", True)]


@pytest.mark.parametrize("outcome", ["credited", "rejected"])
@pytest.mark.parametrize("lost", [12_000, 9_000])
def test_a_dispute_outlives_a_write_off_and_never_is_above_what_is_open(
    make: Any, issued: Any, outcome: Any, lost: int
) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(invoices.write_off, WriteOffInvoice("inv_1", Money(lost, "EUR"), "lost", None, day(15)))
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.disputed_minor) == (12_000 - lost, min(4_000, 12_000 - lost))
    issued.do(disputes.resolve, ResolveDispute("dis_1", outcome, day(20)))
    issued.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "found"))
    invoice = issued.state(INVOICE, "inv_1")
    held = 4_000 if outcome == "credited" else 0
    assert (invoice.outstanding_minor, invoice.disputed_minor, invoice.conceded_minor) == (12_000, held, held)


@pytest.mark.parametrize("outcome", ["credited", "rejected"])
def test_a_dispute_on_a_corrected_invoice_holds_nothing_out(make: Any, issued: Any, outcome: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(
        corrections.correct, CorrectInvoice("inv_1", "wrong price", AmendInvoice("inv_1"), issued_on=day(20))
    )
    assert issued.state(DISPUTE, "dis_1").outcome is None
    issued.do(disputes.resolve, ResolveDispute("dis_1", outcome, day(25)))
    invoice = issued.state(INVOICE, "inv_1")
    assert (invoice.outstanding_minor, invoice.disputed_minor, invoice.conceded_minor) == (0, 0, 0)
