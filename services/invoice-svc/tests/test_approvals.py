"""The rules of the approval circuit and of required papers: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.common import CitedDelivery, Particulars
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.kernel.errors import DomainError
from encours.testing.folding import Folding
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.approval.commands import (
    ApproveInvoice,
    RejectInvoice,
    SetApproval,
    SubmitInvoice,
)
from invoice_svc.domain.customer.commands import RequirePapers
from invoice_svc.domain.invoice.commands import AmendInvoice, CancelInvoice, CreditInvoice, IssueInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.read_models.lists import Lists
from invoice_svc.use_cases.folds import ENTITY, INVOICE
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import approvals, corrections, invoices

TODAY = date(2026, 6, 30)
CORRECTION = correction_id("inv_small")
CLERK, HEAD, BOSS, DEPUTY = "key:clerk", "key:head", "key:boss", "key:deputy"


def rule(amount: int, role: str, currency: str = "EUR") -> ApprovalRule:
    return ApprovalRule(from_minor=amount, currency=currency, role=role)


def approver(role: str, actor: str, *days: date, in_place_of: str | None = None) -> Approver:
    first, last = days or (None, None)
    return Approver(role=role, actor=actor, from_on=first, until_on=last, in_place_of=in_place_of)


CIRCUIT = SetApproval(
    "ent_1",
    (rule(10_000, "head"), rule(100_000, "boss")),
    (
        approver("head", HEAD),
        approver("boss", BOSS),
        approver("boss", DEPUTY, date(2026, 7, 1), date(2026, 7, 31), in_place_of=BOSS),
    ),
)


@pytest.fixture
def circuit(make: Any, firm: Any) -> Any:
    """A firm in which a clerk drafts; from 100.00 the head approves, from 1,000.00 the boss."""
    firm.do(approvals.set_approval, CIRCUIT)
    for name, net in (("inv_small", "80.00"), ("inv_1", "100.00"), ("inv_big", "1000.00")):
        firm.do(invoices.draft, make.draft(name, amount=net), actor=CLERK)
    return firm


def axis(books: Any, name: str = "inv_1") -> str:
    return str(InvoiceOut.of(books.state(INVOICE, name), 1, TODAY)["status"]["document"])


def submitted(books: Any, name: str = "inv_1") -> None:
    books.do(approvals.submit, SubmitInvoice(name), actor=CLERK)


def test_an_invoice_from_the_amount_on_is_issued_with_its_approval_alone(make: Any, circuit: Any) -> None:
    circuit.do(invoices.issue, IssueInvoice("inv_small", TODAY), actor=CLERK)
    with pytest.raises(
        DomainError, match=r"120\.00 EUR needs the approval of head; this one is not submitted"
    ):
        circuit.do(invoices.issue, IssueInvoice("inv_1", TODAY), actor=CLERK)
    with make.refused("approval-required"):
        circuit.do(invoices.draft, make.at_once(make.draft("inv_9"), TODAY), actor=CLERK)
    submitted(circuit)
    assert axis(circuit) == "submitted"
    circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)
    assert axis(circuit) == "approved"
    circuit.do(invoices.issue, IssueInvoice("inv_1", TODAY), actor=CLERK)
    assert axis(circuit) == "issued"
    assert circuit.state(INVOICE, "inv_1").approval.decided_by == HEAD


def test_four_eyes(make: Any, circuit: Any) -> None:
    submitted(circuit)
    with make.refused("approver-is-author"):
        circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=CLERK)
    circuit.do(invoices.amend, AmendInvoice("inv_1", reference="PO 7"), actor=HEAD)
    submitted(circuit)
    with make.refused("approver-is-author"):
        circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)


def test_the_amount_names_the_role_and_another_cannot_decide(make: Any, circuit: Any) -> None:
    submitted(circuit, "inv_big")
    for use_case, command in (
        (approvals.approve, ApproveInvoice("inv_big")),
        (approvals.reject, RejectInvoice("inv_big", "x")),
    ):
        with make.refused("not-an-approver"):
            circuit.do(use_case, command, actor=HEAD)
    circuit.do(approvals.approve, ApproveInvoice("inv_big"), actor=BOSS)
    assert circuit.state(INVOICE, "inv_big").approval.role == "boss"


def test_a_substitute_approves_on_the_days_of_the_absence_alone(make: Any, circuit: Any) -> None:
    submitted(circuit, "inv_big")
    for day in (TODAY, date(2026, 8, 1)):
        with make.refused("not-an-approver"):
            circuit.do(approvals.approve, ApproveInvoice("inv_big"), actor=DEPUTY, today=day)
    circuit.do(approvals.approve, ApproveInvoice("inv_big"), actor=DEPUTY, today=date(2026, 7, 31))
    (event,) = [e.data for e in circuit.ledger.events if e.type == "invoice.approved"]
    assert event.in_place_of == BOSS


def test_what_is_amended_or_needs_another_role_needs_approval_again(make: Any, circuit: Any) -> None:
    submitted(circuit)
    circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)
    circuit.do(invoices.amend, AmendInvoice("inv_1", reference="PO 7"), actor=CLERK)
    assert axis(circuit) == "draft"
    submitted(circuit)
    circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)
    circuit.do(approvals.set_approval, replace(CIRCUIT, rules=(rule(0, "boss"),)))
    with make.refused("approval-required"):
        circuit.do(invoices.issue, IssueInvoice("inv_1", TODAY), actor=CLERK)
    circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=BOSS)
    circuit.do(invoices.issue, IssueInvoice("inv_1", TODAY), actor=CLERK)


def test_a_rejection_says_why_and_the_draft_goes_on(make: Any, circuit: Any) -> None:
    submitted(circuit)
    circuit.do(approvals.reject, RejectInvoice("inv_1", "wrong price"), actor=HEAD)
    state = circuit.state(INVOICE, "inv_1")
    assert (axis(circuit), state.approval.status, state.approval.cause) == (
        "draft",
        "rejected",
        "wrong price",
    )
    with make.refused("invoice-not-submitted"):
        circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)
    submitted(circuit)
    assert axis(circuit) == "submitted"


def test_repetitions_record_nothing(circuit: Any) -> None:
    for _ in range(2):
        circuit.do(approvals.set_approval, CIRCUIT)
        submitted(circuit)
    for _ in range(2):
        circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD)
    submitted(circuit)
    assert circuit.kinds()[-2:] == ["invoice.submitted", "invoice.approved"]
    assert circuit.kinds().count("entity.approval_set") == 1


def test_a_currency_without_rules_is_no_way_round_them(make: Any, circuit: Any) -> None:
    circuit.do(invoices.draft, make.draft("inv_usd", amount="1.00", currency="USD"), actor=CLERK)
    with pytest.raises(DomainError, match=r"1\.20 USD needs the approval of boss"):
        circuit.do(invoices.issue, IssueInvoice("inv_usd", TODAY), actor=CLERK)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CIRCUIT, rules=(rule(0, "nobody"),)),
        replace(CIRCUIT, rules=(rule(5, "head"), rule(5, "boss"))),
        replace(CIRCUIT, approvers=(*CIRCUIT.approvers, approver("head", HEAD, TODAY, date(2026, 6, 1)))),
    ],
)
def test_a_circuit_that_cannot_work_is_refused(make: Any, firm: Any, wrong: SetApproval) -> None:
    with make.refused("invalid-request"):
        firm.do(approvals.set_approval, wrong)
    assert firm.state(ENTITY, "ent_1").approval_rules == ()


def test_an_issued_invoice_is_no_longer_submitted(make: Any, issued: Any) -> None:
    for use_case, command in (
        (approvals.submit, SubmitInvoice("inv_1")),
        (approvals.approve, ApproveInvoice("inv_1")),
        (approvals.reject, RejectInvoice("inv_1", "x")),
    ):
        with make.refused("invoice-not-draft"):
            issued.do(use_case, command)


def test_lists_know_the_approval_of_each_day_as_the_stream_does(circuit: Any) -> None:
    days = [date(2026, 7, n) for n in range(1, 6)]
    circuit.do(approvals.submit, SubmitInvoice("inv_1"), actor=CLERK, today=days[0])
    circuit.do(approvals.approve, ApproveInvoice("inv_1"), actor=HEAD, today=days[1])
    circuit.do(invoices.amend, AmendInvoice("inv_1", reference="PO 7"), actor=CLERK, today=days[2])
    circuit.do(approvals.submit, SubmitInvoice("inv_1"), actor=CLERK, today=days[3])
    circuit.do(approvals.reject, RejectInvoice("inv_1", "x"), actor=HEAD, today=days[4])
    lists = Folding(Lists())
    rows = lists.fold_in(circuit.ledger.events, range(0, len(circuit.ledger.events), 2))
    assert lists.parked == {}
    known = sorted((row[2], row[1], row[3]) for row in rows["approval"].values() if row[0] == "inv_1")
    for day in days:
        listed = [approval for on, _, approval in known if on <= day][-1]
        state = fold_as_of(circuit.stream("inv_1"), day)
        shown = InvoiceOut.of(state, 1, day)["status"]["document"]
        assert shown == {"none": "draft"}.get(listed, listed), day


@pytest.mark.parametrize("paper", ["order_number", "delivery_note", "contract"])
def test_each_required_paper_lets_the_invoice_pass(make: Any, firm: Any, paper: Any) -> None:
    cited = CitedDelivery(
        order_id="ord_1", order_number="C-1", reference=None, delivery_id="dlv_1", note_number="BL-1",
        delivered_on=TODAY,
    )  # fmt: skip
    firm.do(customers.require_papers, RequirePapers("cus_1", (paper,)))
    draft = make.draft()
    given = {
        "order_number": replace(draft, content=replace(draft.content, reference="PO 7")),
        "contract": replace(draft, content=replace(draft.content, particulars=Particulars(contract="M-1"))),
        "delivery_note": replace(draft, deliveries=(cited,)),
    }
    for name, command in given.items():
        numbered = replace(command, invoice_id=f"inv_{name}", issue=True, issued_on=TODAY)
        if name == paper:
            firm.do(invoices.draft, numbered)
        else:
            with make.refused("invoice-incomplete"):
                firm.do(invoices.draft, numbered)


def test_all_missing_papers_are_named_at_once(make: Any, firm: Any) -> None:
    papers = RequirePapers("cus_1", ("order_number", "contract", "delivery_note"))
    for _ in range(2):
        firm.do(customers.require_papers, papers)
    assert firm.kinds().count("customer.papers_required") == 1
    firm.do(invoices.draft, make.draft())
    with pytest.raises(DomainError) as refusal:
        firm.do(invoices.issue, IssueInvoice("inv_1", TODAY))
    assert {fault.pointer for fault in refusal.value.errors} == {"/reference", "/contract", "/deliveries"}


def dearer(*, issue: bool) -> CorrectInvoice:
    lines = (LineInput("work", "1", "150.00", "20"),)
    return CorrectInvoice("inv_small", "Wrong price", AmendInvoice("inv_small", lines=lines), issue=issue)


def test_a_correction_above_the_threshold_is_drafted_approved_and_made_in_one_step(
    make: Any, circuit: Any
) -> None:
    circuit.do(invoices.issue, IssueInvoice("inv_small", TODAY), actor=CLERK)
    circuit.do(payments.receive, make.receipt(amount=9_600), ("inv_small",))
    with make.refused("approval-required"):
        circuit.do(corrections.correct, dearer(issue=True), actor=CLERK)
    circuit.do(corrections.correct, dearer(issue=False), actor=CLERK)
    old = circuit.state(INVOICE, "inv_small")
    assert (axis(circuit, CORRECTION), old.credits, old.paid_minor) == ("draft", (), 9_600)
    with make.refused("approval-required"):
        circuit.do(invoices.issue, IssueInvoice(CORRECTION), actor=CLERK)
    circuit.do(approvals.submit, SubmitInvoice(CORRECTION), actor=CLERK)
    with make.refused("approver-is-author"):
        circuit.do(approvals.approve, ApproveInvoice(CORRECTION), actor=CLERK)
    circuit.do(approvals.approve, ApproveInvoice(CORRECTION), actor=HEAD)
    circuit.do(invoices.issue, IssueInvoice(CORRECTION), actor=CLERK)
    old, new = circuit.state(INVOICE, "inv_small"), circuit.state(INVOICE, CORRECTION)
    assert (old.creditable_minor, old.outstanding_minor, old.credits[0].cause) == (0, 0, "Wrong price")
    assert (new.total_minor, new.paid_minor, new.corrects.invoice_number) == (18_000, 9_600, old.number)


def test_one_draft_of_a_correction_waits_at_a_time_and_a_cancelled_one_makes_room(
    make: Any, circuit: Any
) -> None:
    circuit.do(invoices.issue, IssueInvoice("inv_small", TODAY), actor=CLERK)
    circuit.do(corrections.correct, dearer(issue=False), actor=CLERK)
    with pytest.raises(DomainError, match=f"has a draft of its correction, {CORRECTION}: issue or cancel"):
        circuit.do(corrections.correct, dearer(issue=False), actor=CLERK)
    circuit.do(invoices.cancel, CancelInvoice(CORRECTION), actor=CLERK)
    circuit.do(corrections.correct, dearer(issue=False), actor=CLERK)
    second = correction_id(CORRECTION)
    assert circuit.state(INVOICE, second).corrects.invoice_id == "inv_small"
    with pytest.raises(DomainError, match="has a draft of its correction"):
        circuit.do(corrections.correct, dearer(issue=True), actor=CLERK)
    circuit.do(invoices.credit, CreditInvoice("inv_small", "cre_1", None, 1_000, "part"), actor=CLERK)
    circuit.do(approvals.submit, SubmitInvoice(second), actor=CLERK)
    circuit.do(approvals.approve, ApproveInvoice(second), actor=HEAD)
    circuit.do(invoices.issue, IssueInvoice(second), actor=CLERK)
    old = circuit.state(INVOICE, "inv_small")
    assert ([note.total_minor for note in old.credits], old.outstanding_minor) == ([1_000, 8_600], 0)
    with pytest.raises(DomainError, match=f"was replaced by FAC-2026-000002, {second}"):
        circuit.do(corrections.correct, dearer(issue=True), actor=CLERK)
