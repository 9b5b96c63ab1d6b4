"""The rules of instalments in a draft: the issue fixes their dates and amounts, or refuses them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.common import DraftedInstalment, Terms
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from encours.reading.summary import summary
from invoice_svc.domain.invoice.commands import AmendInvoice, CancelInvoice, DraftInvoice, IssueInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.invoice.schedule import InstalmentsDiffer, ProposedInstalment, fixed
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.invoices.bodies import CorrectionBody, DraftBatch, DraftBody, DraftPatch
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.sales import corrections, invoices

ISSUED = date(2026, 6, 1)


def part(
    days: int | None = None,
    share: str | None = None,
    *,
    on: date | None = None,
    amount: int | None = None,
    currency: str = "EUR",
) -> ProposedInstalment:
    return ProposedInstalment(on, days, None if amount is None else Money(amount, currency), share)


def of(command: DraftInvoice, *parts: ProposedInstalment) -> DraftInvoice:
    return replace(command, content=replace(command.content, instalments=parts))


def shown(books: Any, name: str = "inv_1") -> list[tuple[str, str]]:
    body = InvoiceOut.of(books.state(INVOICE, name), 1, ISSUED)
    return [(each["due_on"], each["amount"]["amount"]) for each in body["instalments"]]


THIRDS = (part(0, "33.33"), part(30, "33.33"), part(60, "33.34"))
IN_THIRDS = [("2026-06-01", "40.00"), ("2026-07-01", "40.00"), ("2026-07-31", "40.00")]


def test_the_issue_fixes_the_instalments_of_the_draft_in_the_same_append(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, of(make.draft(), *THIRDS))
    body = InvoiceOut.of(firm.state(INVOICE, "inv_1"), 1, ISSUED)
    assert body["instalments"] == []
    assert [each["share"] for each in body["drafted_instalments"]] == ["33.33", "33.33", "33.34"]
    before = len(firm.ledger.events)
    firm.do(invoices.issue, IssueInvoice("inv_1", ISSUED))
    assert firm.kinds(since=before) == ["invoice.issued", "invoice.rescheduled"]
    rescheduled = firm.stream("inv_1")[-1]
    assert rescheduled.effective_on == ISSUED
    assert summary(rescheduled.data, "en") == "Invoice due in 3 instalments: at issue"
    body = InvoiceOut.of(firm.state(INVOICE, "inv_1"), 1, ISSUED)
    assert (shown(firm), body["drafted_instalments"], body["payable_on"]) == (IN_THIRDS, [], "2026-06-01")


def test_amounts_shares_and_the_rest_stand_side_by_side(make: Any, firm: Any) -> None:
    parts = (part(on=date(2026, 6, 15), amount=1_000), part(40, "12.5"), part(on=date(2026, 9, 1)))
    firm.do(invoices.draft, make.at_once(of(make.draft(), *parts), ISSUED))
    assert shown(firm) == [("2026-06-15", "10.00"), ("2026-07-11", "15.00"), ("2026-09-01", "95.00")]


@pytest.mark.parametrize(
    ("parts", "code", "pointer", "detail"),
    [
        ((part(on=date(2026, 5, 31)),), "invalid-request", "/instalments/0/due_on", "2026-06-01"),
        ((part(30, "50"), part(30, "50")), "invalid-request", "/instalments/1/days", "2026-07-01"),
        (
            (part(amount=6_000, days=0), part(on=ISSUED)),
            "invalid-request",
            "/instalments/1/due_on",
            "not after",
        ),
        ((part(0, "50"), part(9, "49")), "instalments-differ", "/instalments", "1.20 EUR less"),
        ((part(0, amount=12_001),), "instalments-differ", "/instalments", "0.01 EUR more"),
        ((part(0, amount=12_000), part(9)), "instalments-differ", "/instalments/1", "0.00 EUR"),
    ],
)
def test_what_the_issue_refuses_it_points_at(
    make: Any, firm: Any, parts: tuple[ProposedInstalment, ...], code: str, pointer: str, detail: str
) -> None:
    firm.do(invoices.draft, of(make.draft(), *parts))
    with pytest.raises(DomainError) as refused:
        firm.do(invoices.issue, IssueInvoice("inv_1", ISSUED))
    assert (refused.value.code, refused.value.errors[0].pointer) == (code, pointer)
    assert detail in refused.value.detail
    assert firm.state(INVOICE, "inv_1").document == "draft"


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ((part(share="100"),), "/instalments/0/due_on"),
        ((part(3, "100", on=ISSUED),), "/instalments/0/due_on"),
        ((part(3, "50", amount=1),), "/instalments/0/amount"),
        ((part(3), part(4)), "/instalments/0/amount"),
        ((part(3, "0"), part(4)), "/instalments/0/share"),
        ((part(3, "100.5"),), "/instalments/0/share"),
        ((part(3, amount=1, currency="USD"),), "/instalments/0/amount/currency"),
    ],
)
def test_a_draft_takes_a_day_and_a_part_of_each(
    make: Any, firm: Any, parts: tuple[ProposedInstalment, ...], pointer: str
) -> None:
    with pytest.raises(DomainError) as refused:
        firm.do(invoices.draft, of(make.draft(), *parts))
    assert refused.value.errors[0].pointer == pointer


def test_instalments_are_over_what_deposits_leave(make: Any, firm: Any) -> None:
    deposit = make.draft("inv_2", amount="25.00", purpose="deposit")
    firm.do(invoices.draft, make.at_once(deposit, ISSUED))
    final = of(make.draft(), part(0, "50"), part(30, "50"))
    final = replace(final, content=replace(final.content, deposits=("inv_2",)))
    firm.do(invoices.draft, make.at_once(final, ISSUED))
    assert shown(firm) == [("2026-06-01", "45.00"), ("2026-07-01", "45.00")]


def test_the_last_instalment_is_warned_of_in_the_place_of_the_terms(make: Any, firm: Any) -> None:
    terms = Terms(due_kind="NET", days=90, penalty_rate_bps=None, indemnity_minor=4_000)
    for name, days in (("inv_1", 60), ("inv_2", 61)):
        command = of(make.draft(name, terms=terms), part(0, "50"), part(days, "50"))
        firm.do(invoices.draft, make.at_once(command, ISSUED))
    assert [e.type for e in firm.stream("inv_1")][1:] == ["invoice.issued", "invoice.rescheduled"]
    warning = firm.stream("inv_2")[-1].data
    assert (warning.TYPE, warning.ceiling_days, warning.agreed_days) == (
        "invoice.terms_beyond_ceiling",
        60,
        61,
    )


def test_the_warning_needs_no_terms_of_the_draft(make: Any, firm: Any) -> None:
    command = of(make.draft(), part(0, "50"), part(61, "50"))
    firm.do(invoices.draft, make.at_once(command, ISSUED))
    assert firm.stream("inv_1")[-1].type == "invoice.terms_beyond_ceiling"


def test_a_patch_changes_clears_or_keeps_the_instalments(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, of(make.draft(), *THIRDS))
    halves = {"instalments": [{"days": 10, "share": "50"}, {"days": 20, "amount": _eur("60.00")}]}
    firm.do(invoices.amend, DraftPatch.model_validate(halves).to_command("inv_1"))
    after = len(firm.ledger.events)
    firm.do(invoices.amend, DraftPatch.model_validate(halves).to_command("inv_1"))
    assert len(firm.ledger.events) == after
    firm.do(invoices.amend, AmendInvoice("inv_1", reference="PO 7"))
    assert [each.days for each in firm.state(INVOICE, "inv_1").drafted_instalments] == [10, 20]
    firm.do(invoices.amend, DraftPatch.model_validate({"instalments": None}).to_command("inv_1"))
    assert firm.state(INVOICE, "inv_1").drafted_instalments == ()


def test_a_batch_takes_them() -> None:
    item = {
        "entity_id": "ent_" + "0" * 32,
        "customer_id": "cus_" + "0" * 32,
        "lines": [{"description": "work", "quantity": "1", "unit_price": "10.00", "vat_rate": "20"}],
        "instalments": [{"due_on": "2026-06-01", "share": 30}, {"days": 30}],
    }
    batch = DraftBatch.model_validate({"items": [item], "issue": True})
    command = batch.to_command(DraftBody.model_validate(batch.items[0]))
    assert command.content.instalments == (part(on=ISSUED, share="30"), part(30))


def test_a_correction_keeps_the_instalments_as_long_after_its_issue(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.at_once(of(make.draft(), *THIRDS), ISSUED))
    corrected = CorrectInvoice("inv_1", "Wrong name", AmendInvoice("inv_1"), issued_on=date(2026, 6, 11))
    firm.do(corrections.correct, corrected)
    assert shown(firm, correction_id("inv_1")) == [
        ("2026-06-11", "40.00"), ("2026-07-11", "40.00"), ("2026-08-10", "40.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "amounts"), [("90.00", ["40.00", "40.00", "28.00"]), ("110.00", ["40.00", "40.00", "52.00"])]
)
def test_the_last_instalment_of_a_correction_takes_the_difference(
    make: Any, firm: Any, price: str, amounts: list[str]
) -> None:
    firm.do(invoices.draft, make.at_once(of(make.draft(), *THIRDS), ISSUED))
    firm.do(corrections.correct, _correction(lines=[_line(price)]))
    assert [amount for _, amount in shown(firm, correction_id("inv_1"))] == amounts


def test_a_correction_replaces_or_clears_the_instalments(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.at_once(of(make.draft(), *THIRDS), ISSUED))
    with make.refused("instalments-differ"):
        firm.do(corrections.correct, _correction(lines=[_line("60.00")]))
    firm.do(corrections.correct, _correction(lines=[_line("60.00")], instalments=None, issue=False))
    assert firm.state(INVOICE, correction_id("inv_1")).drafted_instalments == ()
    whole = [{"days": 30, "amount": _eur("72.00")}]
    firm.do(invoices.cancel, CancelInvoice(correction_id("inv_1")))
    firm.do(corrections.correct, _correction(lines=[_line("60.00")], instalments=whole))
    replaced = correction_id(correction_id("inv_1"))
    assert shown(firm, replaced) == [("2026-07-01", "72.00")]


@given(st.integers(100_000, 10**9), st.lists(st.integers(1, 999), min_size=1, max_size=12))
def test_shares_of_the_whole_add_up_to_it_and_the_last_takes_what_rounding_leaves(
    total: int, weights: list[int]
) -> None:
    shares = [max(1, each * 10_000 // sum(weights)) for each in weights]
    shares[-1] += 10_000 - sum(shares)
    parts = [DraftedInstalment(days=at, share_bps=each) for at, each in enumerate(shares)]
    found = fixed(parts, total, "EUR", ISSUED)
    assert sum(each.amount_minor for each in found) == total
    assert [each.due_on for each in found] == [ISSUED + timedelta(days=at) for at in range(len(shares))]
    for each, share in zip(found[:-1], shares[:-1], strict=True):
        assert abs(each.amount_minor * 10_000 - share * total) <= 5_000


def test_a_cent_has_no_halves() -> None:
    halves = [DraftedInstalment(days=at, share_bps=5_000) for at in (0, 30)]
    with pytest.raises(InstalmentsDiffer):
        fixed(halves, 1, "EUR", ISSUED)


def _correction(**body: Any) -> CorrectInvoice:
    values = {"reason": "Wrong price", "issued_on": ISSUED.isoformat()} | body
    return CorrectionBody.model_validate(values).to_correction("inv_1")


def _line(price: str) -> dict[str, Any]:
    return {"description": "work", "quantity": "1", "unit_price": price, "vat_rate": "20"}


def _eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}
